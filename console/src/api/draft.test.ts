import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { nextTick } from 'vue'
import { change, changed, changes, check, discard, isDirty, lawOf, loadSettings, makeLaw, rebase, settings, undo, valueOf, type Setting } from './draft'
import { setCsrf } from './client'
import { toProblem } from './problem'

interface Asked {
  method: string
  path: string
  headers: Headers
  body: unknown
}
let asked: Asked[] = []
let answers: Record<string, () => Response> = {}
const json = (body: unknown, init: ResponseInit = {}): Response => new Response(JSON.stringify(body), { ...init, headers: { 'content-type': 'application/json', ...init.headers } })
const setting = (name: string, value: unknown, more: object = {}): object => ({ name, value, text: JSON.stringify(value), origin: 'store', secret: false, set: value !== null, default: null, pinned: false, ...more })
const law = (leeway: string, etag: string) => (): Response =>
  json({ settings: [setting('jwt.leeway', leeway), setting('jwt.secret', null, { secret: true, set: true, text: '(set)' })], warnings: [], advice: [] }, { headers: { ETag: etag } })

beforeEach(async () => {
  asked = []
  answers = { 'GET /api/v1/settings': law('0s', '"4"'), 'POST /api/v1/settings/check': () => json({ good: true, problems: [], warnings: [], advice: [], changes: [] }) }
  vi.stubGlobal('fetch', async (request: Request) => {
    const path = new URL(request.url).pathname
    const text = await request.text()
    asked.push({ method: request.method, path, headers: request.headers, body: text ? JSON.parse(text) : undefined })
    return answers[`${request.method} ${path}`]?.() ?? json({ title: 'no', cause: 'no such answer' }, { status: 404 })
  })
  setCsrf('token-1')
  discard()
  await loadSettings()
})
afterEach(() => {
  discard()
  vi.unstubAllGlobals()
})

describe('a draft of settings', () => {
  it('holds what differs from the law, and nothing else', () => {
    change('jwt.leeway', '30s')
    expect(valueOf('jwt.leeway')).toBe('30s')
    expect(lawOf('jwt.leeway')).toBe('0s')
    change('jwt.leeway', '0s')
    expect(isDirty.value).toBe(false)
  })
  it('is not made by taking out what is not there', () => {
    change('jwt.secret', null)
    expect(changed.value).toEqual(['jwt.secret'])
    discard()
    settings.value = { ...settings.value!, settings: settings.value!.settings.map((one) => ({ ...one, origin: 'default' as const, set: false })) }
    change('jwt.leeway', null)
    change('jwt.secret', null)
    expect(isDirty.value).toBe(false)
  })
  it('never takes a secret for unchanged, and can take one out', () => {
    change('jwt.secret', 'x')
    expect(changes['jwt.secret']).toBe('x')
    change('jwt.secret', null)
    expect(changed.value).toEqual(['jwt.secret'])
    undo('jwt.secret')
    expect(isDirty.value).toBe(false)
  })
  it('shows a list with secrets in it, and knows when it is as the law has it', () => {
    const issuers = [{ name: 'plant', issuer: 'https://id', secret: { $set: true } }]
    settings.value = { ...settings.value!, settings: [...settings.value!.settings, setting('jwt.issuers', issuers, { secret: true }) as Setting] }
    expect(valueOf('jwt.issuers')).toEqual(issuers)
    change('jwt.issuers', [...issuers, { name: 'b' }])
    expect(changed.value).toEqual(['jwt.issuers'])
    change('jwt.issuers', issuers)
    expect(isDirty.value).toBe(false)
    expect(lawOf('jwt.secret')).toBeUndefined()
  })
  it('asks the daemon once for several keystrokes, with the CSRF token', async () => {
    vi.useFakeTimers()
    change('jwt.leeway', '3')
    await nextTick()
    change('jwt.leeway', '30')
    await nextTick()
    await vi.advanceTimersByTimeAsync(300)
    vi.useRealTimers()
    const checks = asked.filter((one) => one.path.endsWith('/check'))
    expect(checks.map((one) => one.body)).toEqual([{ changes: { 'jwt.leeway': '30' } }])
    expect(checks[0]!.headers.get('X-CSRF-Token')).toBe('token-1')
    expect(check.value?.good).toBe(true)
  })
  it('becomes law against the revision that was seen', async () => {
    answers['POST /api/v1/settings/revisions'] = () => json({ number: 5, author: 'ada', why: 'w', created_at: 1, current: true }, { status: 201 })
    change('jwt.leeway', '30s')
    expect((await makeLaw('clocks')).number).toBe(5)
    const made = asked.find((one) => one.path.endsWith('/revisions'))!
    expect(made.headers.get('If-Match')).toBe('"4"')
    expect(made.body).toEqual({ changes: { 'jwt.leeway': '30s' }, why: 'clocks' })
    expect(isDirty.value).toBe(false)
  })
  it('stays where somebody else was faster, and says what both changed', async () => {
    answers['POST /api/v1/settings/revisions'] = () => json({ status: 412, title: 'Precondition Failed', reason: 'changed_meanwhile', cause: 'somebody changed it meanwhile' }, { status: 412 })
    change('jwt.leeway', '30s')
    await expect(makeLaw('').catch((error: unknown) => Promise.reject(toProblem(error)))).rejects.toMatchObject({ status: 412 })
    expect(changes['jwt.leeway']).toBe('30s')
    answers['GET /api/v1/settings'] = law('10s', '"5"')
    expect(await rebase()).toEqual(['jwt.leeway'])
    expect(changes['jwt.leeway']).toBe('30s')
    answers['GET /api/v1/settings'] = law('30s', '"6"')
    await rebase()
    expect(isDirty.value).toBe(false)
  })
})
