/** A table of [[jwt.issuers]] as the daemon has it. */
export type Issuer = Record<string, unknown>

const SHOWN = ['name', 'issuer', 'jwks_url', 'issuer_discovery', 'audience']

/** What a table holds beyond the form; it is kept as it is. */
export const othersOf = (issuer: Issuer): string[] => Object.keys(issuer).filter((key) => !SHOWN.includes(key))

/** What the daemon says of this one of the list: it begins with its name. */
export function saidOf<Note extends { cause: string }>(issuer: Issuer, notes: Note[]): Note[] {
  const mark = `issuer ${wordOf(issuer.name)}`
  return notes.filter((note) => note.cause.startsWith(`${mark}: `) || note.cause.includes(` ${mark}: `))
}

/** Nothing, an empty text and false are not written: the default holds then. */
export function withValue(issuer: Issuer, key: string, value: unknown): Issuer {
  const next = { ...issuer }
  if (value === '' || value === undefined || value === false) delete next[key]
  else next[key] = value
  return next
}

export const wordOf = (value: unknown): string => (Array.isArray(value) ? value.join(', ') : typeof value === 'string' ? value : '')

/** One text, or a list where commas part it. */
export function listOf(words: string): string | string[] {
  const found = words.split(',').map((one) => one.trim()).filter(Boolean)
  return found.length > 1 ? found : (found[0] ?? '')
}
