import { onScopeDispose, ref, shallowRef, watch, type Ref, type ShallowRef } from 'vue'
import { toProblem, type Problem } from '@/api/problem'
import { isLive, onNews, type Topic } from './live'

export interface Resource<T> {
  data: ShallowRef<T | undefined>
  problem: ShallowRef<Problem | undefined>
  /** Asked now, whether or not something is shown meanwhile. */
  busy: Ref<boolean>
  /** What is shown could not be confirmed the last time. */
  stale: Ref<boolean>
  /** When what is shown was fetched. */
  at: Ref<Date | undefined>
  reload: () => Promise<void>
  set: (value: T) => void
}

export interface ResourceOptions {
  /** Ask again after so many milliseconds, while the page is looked at. */
  every?: number
  /** Ask when one of these is new; then `every` is for times without news. */
  live?: readonly Topic[]
  immediate?: boolean
}

const SLOWEST = 60_000
const UNASKED = 15_000 // how old something may get of which nothing new was told
const BETWEEN = 1000 // at least, however fast news come

/**
 * One thing that a page shows. The newest question wins; a failure keeps what is shown and says that it is old; a page
 * that comes back to the front, or to the network, asks at once.
 */
export function useResource<T>(fetch: (signal: AbortSignal) => Promise<T>, options: ResourceOptions = {}): Resource<T> {
  const data = shallowRef<T>()
  const problem = shallowRef<Problem>()
  const busy = ref(false)
  const stale = ref(false)
  const at = ref<Date>()
  let question = 0
  let failures = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  let abort: AbortController | undefined
  let disposed = false

  function schedule(): void {
    clearTimeout(timer)
    if (disposed || !options.every || document.hidden) return
    const every = options.live && isLive.value ? Math.max(UNASKED, options.every) : options.every
    timer = setTimeout(() => void reload(), Math.min(every * 2 ** Math.min(failures, 6), Math.max(SLOWEST, every)))
  }

  async function reload(): Promise<void> {
    const mine = ++question
    abort?.abort()
    abort = new AbortController()
    busy.value = true
    try {
      const value = await fetch(abort.signal)
      if (mine !== question) return
      set(value)
    } catch (error) {
      if (mine !== question || disposed) return
      failures += 1
      problem.value = toProblem(error)
      stale.value = data.value !== undefined
    } finally {
      if (mine === question) {
        busy.value = false
        schedule()
      }
    }
  }

  function set(value: T): void {
    data.value = value
    problem.value = undefined
    stale.value = false
    failures = 0
    at.value = new Date()
  }

  const wake = (): void => {
    if (!document.hidden && options.every) void reload()
  }
  let soon: ReturnType<typeof setTimeout> | undefined
  function hear(): void {
    if (soon || document.hidden) return
    const since = at.value ? Date.now() - at.value.getTime() : BETWEEN
    soon = setTimeout(() => {
      soon = undefined
      void reload()
    }, Math.max(0, BETWEEN - since))
  }
  const leave = options.live ? onNews(options.live, hear) : undefined
  // A line that breaks is no reason to wait for the long time.
  if (options.live) watch(isLive, (now) => now || busy.value || schedule())
  document.addEventListener('visibilitychange', wake)
  window.addEventListener('online', wake)
  onScopeDispose(() => {
    leave?.()
    clearTimeout(soon)
    disposed = true
    question += 1
    abort?.abort()
    clearTimeout(timer)
    document.removeEventListener('visibilitychange', wake)
    window.removeEventListener('online', wake)
  })
  if (options.immediate !== false) void reload()
  return { data, problem, busy, stale, at, reload, set }
}
