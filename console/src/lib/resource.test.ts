import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { effectScope } from 'vue'
import { ProblemError } from '@/api/problem'
import { useResource } from './resource'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())
const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0)

describe('a thing that a page shows', () => {
  it('keeps what it showed when the next answer fails, and says that it is old', async () => {
    let fail = false
    const scope = effectScope()
    const one = scope.run(() => useResource(async () => {
      if (fail) throw new Error('gone')
      return 'shown'
    }))!
    await settle()
    expect([one.data.value, one.stale.value]).toEqual(['shown', false])
    fail = true
    await one.reload()
    expect([one.data.value, one.stale.value, one.problem.value?.status]).toEqual(['shown', true, 0])
    fail = false
    await one.reload()
    expect([one.stale.value, one.problem.value]).toEqual([false, undefined])
    scope.stop()
  })
  it('shows the newest answer, whichever comes last', async () => {
    const waiting: ((value: string) => void)[] = []
    const scope = effectScope()
    const one = scope.run(() => useResource(() => new Promise<string>((resolve) => waiting.push(resolve))))!
    void one.reload()
    waiting[1]!('new')
    await settle()
    waiting[0]!('old')
    await settle()
    expect(one.data.value).toBe('new')
    scope.stop()
  })
  it('asks again less often while nobody answers, and at once when the page is looked at again', async () => {
    const fetch = vi.fn(async () => {
      throw new ProblemError({ status: 503, title: 'x' })
    })
    const scope = effectScope()
    scope.run(() => useResource(fetch, { every: 1000 }))
    await settle()
    await vi.advanceTimersByTimeAsync(60_000)
    const asked = fetch.mock.calls.length
    expect(asked).toBeLessThan(8)
    document.dispatchEvent(new Event('visibilitychange'))
    expect(fetch.mock.calls.length).toBe(asked + 1)
    scope.stop()
  })
  it('stops asking when its page is left', async () => {
    const fetch = vi.fn(async () => 1)
    const scope = effectScope()
    scope.run(() => useResource(fetch, { every: 1000 }))
    await settle()
    scope.stop()
    await vi.advanceTimersByTimeAsync(10_000)
    expect(fetch).toHaveBeenCalledTimes(1)
  })
})
