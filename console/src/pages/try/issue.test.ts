import { describe, expect, it } from 'vitest'
import { csvRows } from '@/lib/csv'
import { clientsOf, commandFor, languages, shellWord } from './issue'

describe('tokens for many', () => {
  it('takes the columns in any order', () => {
    expect(clientsOf(csvRows('\uFEFFclient_id,SUB\nc-1,meter-1\n,meter-2\n'))).toEqual([{ sub: 'meter-1', client_id: 'c-1' }, { sub: 'meter-2' }])
  })
  it('says what is wrong with a file', () => {
    expect(clientsOf([])).toBe('empty')
    expect(clientsOf([['sub']])).toBe('empty')
    expect(clientsOf([['name'], ['a']])).toBe('header')
    expect(clientsOf([['sub'], [' ']])).toBe('sub')
    expect(clientsOf([['sub'], ...Array.from({ length: 10001 }, () => ['a'])])).toBe('too_many')
  })
  it('quotes names for a shell, so that none can run a command', () => {
    expect(shellWord('meter-7')).toBe('meter-7')
    expect(shellWord("a'; rm -rf ~; '")).toBe(`'a'\\''; rm -rf ~; '\\'''`)
  })
  it('has a command for each language with the client’s own names', () => {
    const one = { sub: 's', username: 'u"u', client_id: 'c', token: 'e.y.J', expires_at: 1 }
    for (const language of languages) expect(commandFor(language, one)).toContain('e.y.J')
    expect(commandFor('Python', one)).toContain('"u\\"u"')
  })
})
