import { ref } from 'vue'
import { API } from '@/api/client'

/** What the daemon tells as it comes: numbers that count up. What is new is asked where it always is. */
export type Topic = 'decisions' | 'law' | 'state'

const BEAT = 25_000 // the daemon speaks every ten seconds; after this long the line is dead
const AGAIN = 30_000 // after a stream that was refused; pages ask on their own meanwhile

/** Whether news come by themselves: then pages ask for them, and otherwise every few seconds. */
export const isLive = ref(false)

interface Listener {
  topics: readonly Topic[]
  tell: () => void
}
const listeners = new Set<Listener>()
let stream: EventSource | undefined
let known: Partial<Record<Topic, number>> = {}
let watchdog: ReturnType<typeof setTimeout> | undefined
let later: ReturnType<typeof setTimeout> | undefined

function close(): void {
  stream?.close()
  stream = undefined
  isLive.value = false
  clearTimeout(watchdog)
  clearTimeout(later)
}

function alive(): void {
  clearTimeout(watchdog)
  watchdog = setTimeout(() => {
    close()
    open()
  }, BEAT)
}

function hear(data: string): void {
  const news = JSON.parse(data) as Record<Topic, number>
  alive()
  isLive.value = true
  const before = known
  known = news
  for (const one of [...listeners]) if (one.topics.some((topic) => before[topic] !== undefined && before[topic] !== news[topic])) one.tell()
}

// One stream for all that a tab shows, and none for a tab that nobody looks at: a browser has six connections to a host.
function open(): void {
  if (stream || listeners.size === 0 || document.hidden || typeof EventSource === 'undefined') return
  clearTimeout(later)
  const mine = new EventSource(`${API}/events`)
  stream = mine
  alive()
  mine.addEventListener('news', (event) => mine === stream && hear((event as MessageEvent<string>).data))
  mine.onerror = () => {
    if (mine !== stream) return
    isLive.value = false
    if (mine.readyState !== EventSource.CLOSED) return // it tries again by itself
    close()
    later = setTimeout(open, AGAIN)
  }
}

document.addEventListener('visibilitychange', () => (document.hidden ? close() : open()))

/** Tells when one of these is new, until the function that comes back is called. */
export function onNews(topics: readonly Topic[], tell: () => void): () => void {
  const one = { topics, tell }
  listeners.add(one)
  open()
  return () => {
    listeners.delete(one)
    // The next page listens in a moment: the line is kept for it.
    setTimeout(() => {
      if (listeners.size === 0) close()
    }, 1000)
  }
}

/** Whoever signed out, or in as somebody else, has no line of before. */
export function forgetLine(): void {
  known = {}
  close()
  open()
}
