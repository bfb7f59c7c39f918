import { describe, expect, it } from 'vitest'
import { duplicateName, inspect, NoToken } from './jwt'

const part = (text: string): string => Buffer.from(text).toString('base64url')
const token = (header: string, claims: string, signature = 'c2ln'): string => `${part(header)}.${part(claims)}.${signature}`
const NOW = 1_790_000_000
const kinds = (text: string): string[] => inspect(text, NOW).remarks.map((one) => one.kind)
const fault = (text: string): [string, string | undefined] => {
  try {
    inspect(text, NOW)
  } catch (error) {
    if (error instanceof NoToken) return [error.fault, error.part]
  }
  return ['none', undefined]
}

describe('a token that is pasted to be read', () => {
  it('shows header, claims and the size of its signature', () => {
    const seen = inspect(` ${token('{"alg":"HS256","kid":"1"}', '{"sub":"größe","exp":1790000100}')}\n`, NOW)
    expect(seen.header.alg).toBe('HS256')
    expect(seen.claims.sub).toBe('größe')
    expect(seen.signatureBytes).toBe(3)
    expect(seen.remarks).toEqual([{ kind: 'ends', at: 1790000100 }])
  })
  it('says what a reader must know', () => {
    expect(kinds(token('{"alg":"none","crit":["x"]}', '{"nbf":1790000001}'))).toEqual(['alg_none', 'crit', 'no_kid', 'no_exp', 'not_yet'])
    expect(kinds(token('{"alg":"HS256","kid":"1"}', '{"exp":1789999999}'))).toEqual(['expired'])
    expect(kinds(token('{"alg":"HS256","kid":"1"}', '{"exp":"1790000100"}'))).toEqual(['bad_time'])
  })
  it('finds a name that stands twice, which readers take differently', () => {
    expect(kinds(token('{"alg":"HS256","kid":"1"}', '{"sub":"a","exp":1790000100,"sub":"b"}'))).toEqual(['duplicate_name', 'ends'])
    expect(duplicateName('{"a":{"b":1},"c":{"b":2},"d":"\\"a\\""}')).toBeUndefined()
    expect(duplicateName('{"a":1,"\\u0061":2}')).toBe('a')
  })
  it('names the damage', () => {
    expect(fault('')).toEqual(['empty', undefined])
    expect(fault('a.b')).toEqual(['parts', undefined])
    expect(fault('a.b.c.d.e')).toEqual(['encrypted', undefined])
    expect(fault(token('{}', '{}', 'c2ln='))).toEqual(['base64', 'signature'])
    expect(fault(`${part('{}')}.ab+d.c2ln`)).toEqual(['base64', 'claims'])
    expect(fault(token('[]', '{}'))).toEqual(['json', 'header'])
    expect(fault(token('{}', '{"a":'))).toEqual(['json', 'claims'])
  })
})
