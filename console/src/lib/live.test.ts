import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

class Line extends EventTarget {
  static readonly CLOSED = 2
  static all: Line[] = []
  readyState = 1
  onerror: (() => void) | null = null
  constructor(readonly url: string) {
    super()
    Line.all.push(this)
  }
  close(): void {
    this.readyState = 2
  }
  say(decisions: number, law = 1, state = 1): void {
    this.dispatchEvent(new MessageEvent('news', { data: JSON.stringify({ decisions, law, state }) }))
  }
}
const hide = (hidden: boolean): void => {
  Object.defineProperty(document, 'hidden', { value: hidden, configurable: true })
  document.dispatchEvent(new Event('visibilitychange'))
}
let live: typeof import('./live')
let left: (() => void)[] = []
const listen: typeof live.onNews = (topics, tell) => {
  const leave = live.onNews(topics, tell)
  left.push(leave)
  return leave
}

beforeEach(async () => {
  vi.useFakeTimers()
  vi.stubGlobal('EventSource', Line)
  Line.all = []
  vi.resetModules()
  live = await import('./live')
})
afterEach(() => {
  for (const leave of left.splice(0)) leave()
  vi.advanceTimersByTime(60_000)
  hide(false)
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

describe('news from the daemon', () => {
  it('are told to those who asked for them, and only what has changed', () => {
    const told: string[] = []
    listen(['decisions'], () => told.push('decisions'))
    listen(['law', 'state'], () => told.push('law or state'))
    expect(Line.all).toHaveLength(1)
    Line.all[0]!.say(1)
    expect([live.isLive.value, told]).toEqual([true, []])
    Line.all[0]!.say(2)
    Line.all[0]!.say(2, 2)
    Line.all[0]!.say(2, 2)
    expect(told).toEqual(['decisions', 'law or state'])
  })
  it('have no line while nobody looks at the page, and what came meanwhile is told afterwards', () => {
    const tell = vi.fn()
    listen(['decisions'], tell)
    Line.all[0]!.say(1)
    hide(true)
    expect([Line.all[0]!.readyState, live.isLive.value]).toEqual([2, false])
    hide(false)
    Line.all[1]!.say(5)
    expect(tell).toHaveBeenCalledTimes(1)
  })
  it('come by a new line where the old one is dead, or was refused', () => {
    listen(['decisions'], () => {})
    Line.all[0]!.say(1)
    vi.advanceTimersByTime(26_000)
    expect(Line.all).toHaveLength(2)
    Line.all[1]!.readyState = 2
    Line.all[1]!.onerror!()
    expect(live.isLive.value).toBe(false)
    vi.advanceTimersByTime(29_000)
    expect(Line.all).toHaveLength(2)
    vi.advanceTimersByTime(2000)
    expect(Line.all).toHaveLength(3)
  })
  it('need no line where no page shows anything live', () => {
    const leave = listen(['decisions'], () => {})
    leave()
    vi.advanceTimersByTime(1500)
    expect(Line.all[0]!.readyState).toBe(2)
    vi.advanceTimersByTime(60_000)
    expect(Line.all).toHaveLength(1)
  })
})
