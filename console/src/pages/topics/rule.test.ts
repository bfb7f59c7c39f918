import { describe, expect, it } from 'vitest'
import { listOf, othersOf, saidOf, withSwitch, withValue } from '../jwt/issuer'
import { toRows, toValue, twiceIn } from '../settings/claims'
import { othersOf as othersOfRule, qosOf, toList, withField, withQos } from './rule'

describe('rules and issuers in a form', () => {
  it('keeps what the form does not show', () => {
    expect(withField({ permission: 'allow', qos: [1] }, 'action', 'publish')).toEqual({ permission: 'allow', qos: [1], action: 'publish' })
    expect(othersOf({ name: 'a', issuer: 'b', leeway: '5s', jwks_proxy: 'p' })).toEqual(['jwks_proxy'])
    expect(othersOfRule({ permission: 'allow', qos: [1], tomorrow: 7 })).toEqual(['tomorrow'])
  })
  it('leaves an emptied field out, so that the default holds', () => {
    expect(withField({ users: ['a'] }, 'users', toList(' , '))).toEqual({})
    expect(withValue({ audience: 'x' }, 'audience', listOf(''))).toEqual({})
    expect(withValue({ claims: { a: 'b' } }, 'claims', {})).toEqual({})
    expect(withSwitch({ verify_claims: false }, 'verify_claims', true)).toEqual({})
    expect(withSwitch({}, 'verify_claims', false)).toEqual({ verify_claims: false })
  })
  it('names the levels of QoS, where not all of them are meant', () => {
    expect(qosOf({})).toEqual([0, 1, 2])
    expect(withQos({}, 2, false)).toEqual({ qos: [0, 1] })
    expect(withQos({ qos: [0, 1] }, 2, true)).toEqual({})
    expect(withQos({ qos: 1 }, 1, false)).toEqual({ qos: 1 })
    expect(withQos({ qos: 1 }, 0, true)).toEqual({ qos: [0, 1] })
  })
  it('says of an issuer what is said of it alone', () => {
    const notes = [{ cause: 'issuer a: no audience' }, { cause: 'issuer ab: no audience' }, { cause: 'something else' }]
    expect(saidOf({ name: 'a' }, notes)).toEqual([notes[0]])
    expect(saidOf({ name: '' }, notes)).toEqual([])
  })
  it('makes rows of claims and claims of rows, and sees a name that stands there twice', () => {
    expect(toValue(toRows({ username: '%u', n: 7 }))).toEqual({ username: '%u', n: '7' })
    expect(toValue([{ claim: ' ', expected: 'x' }])).toEqual({})
    expect(twiceIn([{ claim: 'a', expected: '1' }, { claim: 'a ', expected: '2' }])).toBe('a')
    expect(twiceIn([{ claim: 'a', expected: '1' }, { claim: 'b', expected: '2' }])).toBeUndefined()
  })
  it('keeps commas in topics, which are parted by lines', () => {
    expect(toList('a,b/#\n\nc\n', /\n/)).toEqual(['a,b/#', 'c'])
    expect(listOf('a, b')).toEqual(['a', 'b'])
    expect(listOf('a')).toBe('a')
  })
})
