import { computed, ref, watch, type ComputedRef, type Ref } from 'vue'
import { useRoute, useRouter } from 'vue-router'
import { useResource, type Resource, type ResourceOptions } from './resource'

export interface Page<Row = unknown> {
  items: Row[]
  next: string | null
}

export interface List<P extends Page> extends Resource<P> {
  rows: ComputedRef<P['items']>
  page: ComputedRef<number>
  hasNext: ComputedRef<boolean>
  next: () => void
  back: () => void
  /** From the first page on: a filter changed. */
  restart: () => void
}

/** A list that the daemon hands out page by page; the cursors of the pages behind us are kept for the way back. */
export function useList<P extends Page>(
  fetch: (cursor: string | undefined, signal: AbortSignal) => Promise<P>,
  options: Pick<ResourceOptions, 'every' | 'live'> = {},
): List<P> {
  const cursors = ref<(string | undefined)[]>([undefined])
  const resource = useResource((signal) => fetch(cursors.value.at(-1), signal), options)
  return {
    ...resource,
    rows: computed(() => resource.data.value?.items ?? []),
    page: computed(() => cursors.value.length),
    hasNext: computed(() => Boolean(resource.data.value?.next)),
    next() {
      const next = resource.data.value?.next
      if (!next) return
      cursors.value.push(next)
      void resource.reload()
    },
    back() {
      if (cursors.value.length > 1) cursors.value.pop()
      void resource.reload()
    },
    restart() {
      cursors.value = [undefined]
      void resource.reload()
    },
  }
}

/** A filter that stands in the address, so that a link to what is seen can be sent to a colleague. */
export function useQuery(name: string): Ref<string> {
  const route = useRoute()
  const router = useRouter()
  return computed({
    get: () => (typeof route.query[name] === 'string' ? (route.query[name] as string) : ''),
    set: (value) => {
      const query = { ...route.query }
      if (value) query[name] = value
      else delete query[name]
      void router.replace({ query })
    },
  })
}

/** The same for a box that somebody types in: a little after the last keystroke. */
export function useTypedQuery(name: string): Ref<string> {
  const query = useQuery(name)
  const typed = ref(query.value)
  let timer: ReturnType<typeof setTimeout> | undefined
  watch(typed, (value) => {
    clearTimeout(timer)
    timer = setTimeout(() => (query.value = value.trim()), 250)
  })
  watch(query, (value) => {
    if (value !== typed.value.trim()) typed.value = value
  })
  return typed
}

export const orNothing = (value: string): string | undefined => value || undefined
