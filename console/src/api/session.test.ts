import { afterEach, describe, expect, it, vi } from 'vitest'
import { api, csvAddress } from './client'
import { lostSession, may, resume, session, signIn, signOut } from './session'
import { toProblem } from './problem'

const json = (body: unknown, status = 200): Response => new Response(status === 204 ? null : JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } })
const ada = { name: 'ada', role: 'operator', csrf: 'c-1', ends_at: 2, idle_ends_at: 1 }
let answer: (request: Request) => Response = () => json(ada)
const asked: Request[] = []
vi.stubGlobal('fetch', async (request: Request) => {
  asked.push(request)
  return answer(request)
})
afterEach(async () => {
  answer = () => json(undefined, 204)
  await signOut()
  asked.length = 0
  answer = () => json(ada)
})

describe('a session', () => {
  it('gives the role its rights and no more', async () => {
    await signIn('ada', 'x')
    expect([may('viewer'), may('operator'), may('administrator')]).toEqual([true, true, false])
  })
  it('is not there where the daemon knows nobody, and a fault of the daemon is not taken for that', async () => {
    answer = () => json({ cause: 'not signed in' }, 401)
    expect(await resume()).toBe(false)
    answer = () => json({ cause: 'broken' }, 500)
    await expect(resume()).rejects.toThrow('broken')
  })
  it('that ends under an open page leaves the page as it is', async () => {
    await signIn('ada', 'x')
    answer = () => json({ cause: 'not signed in' }, 401)
    await expect(api.GET('/sessions')).rejects.toSatisfy((error: unknown) => toProblem(error).status === 401)
    expect([lostSession.value, session.value?.name]).toEqual([true, 'ada'])
    answer = () => json(ada)
    await signIn('ada', 'x')
    expect(lostSession.value).toBe(false)
  })
  it('sends no CSRF token with a question, and one with each change', async () => {
    await signIn('ada', 'x')
    await api.GET('/overview')
    await api.POST('/keys/refresh', { body: {} })
    expect(asked.slice(-2).map((one) => one.headers.get('X-CSRF-Token'))).toEqual([null, 'c-1'])
  })
  it('has addresses for CSV with the filters that are set', () => {
    expect(csvAddress('/users', { search: 'a&b', from: undefined, who: '' })).toBe('api/v1/users?search=a%26b&format=csv')
  })
})
