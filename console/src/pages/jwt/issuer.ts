/** A table of [[jwt.issuers]] as the daemon has it. */
export type Issuer = Record<string, unknown>

const SHOWN = ['name', 'issuer', 'jwks_url', 'issuer_discovery', 'audience', 'claims', 'verify_claims', 'leeway', 'require_exp', 'max_lifetime', 'allowed_algorithms', 'typ', 'secret', 'public_key', 'jwks_refresh', 'jwks_max_stale']

/** What a table holds beyond the form; it is kept as it is. */
export const othersOf = (issuer: Issuer): string[] => Object.keys(issuer).filter((key) => !SHOWN.includes(key))

/** What the daemon says of this one of the list: it begins with its name. */
export function saidOf<Note extends { cause: string }>(issuer: Issuer, notes: Note[]): Note[] {
  const mark = `issuer ${wordOf(issuer.name)}`
  return notes.filter((note) => note.cause.startsWith(`${mark}: `) || note.cause.includes(` ${mark}: `))
}

/** Nothing, an empty text, an empty table and false are not written: the default holds then. */
export function withValue(issuer: Issuer, key: string, value: unknown): Issuer {
  const next = { ...issuer }
  const nothing = value === '' || value === undefined || value === false || (typeof value === 'object' && value !== null && Object.keys(value).length === 0)
  if (nothing) delete next[key]
  else next[key] = value
  return next
}

export const wordOf = (value: unknown): string => (Array.isArray(value) ? value.join(', ') : typeof value === 'string' ? value : '')

/** A switch that is on unless it is said to be off. */
export function withSwitch(issuer: Issuer, key: string, on: boolean): Issuer {
  const next = { ...issuer }
  if (on) delete next[key]
  else next[key] = false
  return next
}

/** Several PEM texts under each other. */
export const textOf = (value: unknown): string => (Array.isArray(value) ? value.join('\n') : typeof value === 'string' ? value : '')

/** A secret that is there is never shown: the daemon says only that it is set. */
export const isSet = (value: unknown): boolean => typeof value === 'object' && value !== null && '$set' in value

/** One text, or a list where commas part it. */
export function listOf(words: string): string | string[] {
  const found = words.split(',').map((one) => one.trim()).filter(Boolean)
  return found.length > 1 ? found : (found[0] ?? '')
}
