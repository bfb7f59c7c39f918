import { describe, expect, it } from 'vitest'
import { listOf, othersOf, withValue } from '../jwt/issuer'
import { toList, withField } from './rule'

describe('rules and issuers in a form', () => {
  it('keeps what the form does not show', () => {
    expect(withField({ permission: 'allow', qos: [1] }, 'action', 'publish')).toEqual({ permission: 'allow', qos: [1], action: 'publish' })
    expect(othersOf({ name: 'a', issuer: 'b', leeway: '5s' })).toEqual(['leeway'])
  })
  it('leaves an emptied field out, so that the default holds', () => {
    expect(withField({ users: ['a'] }, 'users', toList(' , '))).toEqual({})
    expect(withValue({ audience: 'x' }, 'audience', listOf(''))).toEqual({})
  })
  it('keeps commas in topics, which are parted by lines', () => {
    expect(toList('a,b/#\n\nc\n', /\n/)).toEqual(['a,b/#', 'c'])
    expect(listOf('a, b')).toEqual(['a', 'b'])
    expect(listOf('a')).toBe('a')
  })
})
