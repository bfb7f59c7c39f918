import createClient, { type Middleware } from 'openapi-fetch'
import { ProblemError, problemOf } from './problem'
import type { components, paths } from './schema'

export type Schemas = components['schemas']

let csrf = ''
let lost: () => void = () => {}

/** The token that every change carries; it lives in this page's memory alone. */
export function setCsrf(value: string): void {
  csrf = value
}

export const csrfToken = (): string => csrf

/** What happens when the daemon says that nobody is signed in any more. */
export function onSessionLost(handler: () => void): void {
  lost = handler
}

const guard: Middleware = {
  onRequest({ request }) {
    if (request.method !== 'GET' && csrf) request.headers.set('X-CSRF-Token', csrf)
    return request
  },
  async onResponse({ response, schemaPath }) {
    if (response.ok) return undefined
    let body: unknown
    try {
      body = await response.json()
    } catch {
      body = undefined // a proxy's page, or nothing
    }
    const problem = problemOf(response.status, body)
    if (response.status === 401 && !/^\/session(\/|$)/.test(schemaPath)) lost()
    throw new ProblemError(problem)
  },
}

export const API = 'api/v1'

// Looked up at each call and not once, so that tests can stand in for the network.
export const api = createClient<paths>({
  baseUrl: `${globalThis.location?.origin ?? 'http://localhost'}/${API}`,
  fetch: (request) => globalThis.fetch(request),
})
api.use(guard)

/** The body of an answer that must have one; failures were thrown before. Text (CSV) is what browsers download. */
export function bodyOf<T>(answer: { data?: T }): Exclude<T, string> {
  if (answer.data === undefined || typeof answer.data === 'string') throw new ProblemError({ status: 0, title: 'empty answer' })
  return answer.data as Exclude<T, string>
}

/** The address of a list as CSV: the browser downloads it, with the session's cookie. */
export function csvAddress(path: string, query: Record<string, string | number | undefined> = {}): string {
  const words = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) if (value !== undefined && value !== '') words.set(name, String(value))
  words.set('format', 'csv')
  return `${API}${path}?${words.toString()}`
}
