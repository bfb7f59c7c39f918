import { describe, expect, it } from 'vitest'
import { faultOf, isConflict, isForbidden, problemOf, toProblem } from './problem'

describe('what the daemon says when it says no', () => {
  it('keeps cause, hint and field', () => {
    const problem = problemOf(422, { type: 'about:blank', title: 'Unprocessable', status: 422, reason: 'invalid', cause: 'too short', hint: 'take twelve', field: 'password' })
    expect(faultOf(problem, 'password')).toEqual({ field: 'password', cause: 'too short', hint: 'take twelve' })
    expect(faultOf(problem, 'name')).toBeUndefined()
  })
  it('finds one field among several', () => {
    const problem = problemOf(422, { cause: 'two are wrong', problems: [{ field: 'a', cause: 'x' }, { field: 'b', cause: 'y', hint: 'z', row: 7 }, 'rubbish', { hint: 'no cause' }] })
    expect(problem.problems).toHaveLength(2)
    expect(faultOf(problem, 'b')).toEqual({ field: 'b', cause: 'y', hint: 'z', row: 7 })
  })
  it('makes do with a proxy’s page or nothing', () => {
    expect(problemOf(502, '<html>')).toMatchObject({ status: 502, title: 'HTTP 502' })
    expect(problemOf(500, null).cause).toBeUndefined()
    expect(problemOf(500, { cause: { toString: 'x' }, problems: 'no' })).toMatchObject({ cause: undefined, problems: undefined })
  })
  it('is told apart from no answer at all', () => {
    expect(toProblem(new TypeError('failed to fetch'))).toMatchObject({ status: 0 })
    expect(isForbidden(problemOf(403, {}))).toBe(true)
    expect(isConflict(problemOf(412, {}))).toBe(true)
    expect(isConflict(problemOf(422, {}))).toBe(false)
  })
})
