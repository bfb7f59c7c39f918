// Reads a token for a person's eyes. Nothing here is sent anywhere, and nothing is believed: no signature is checked.

export interface Inspection {
  header: Record<string, unknown>
  claims: Record<string, unknown>
  signatureBytes: number
  /** Things that a reader would want to know. */
  remarks: Remark[]
}

export type Remark =
  | { kind: 'alg_none' }
  | { kind: 'no_kid' }
  | { kind: 'no_exp' }
  | { kind: 'expired'; at: number }
  | { kind: 'ends'; at: number }
  | { kind: 'not_yet'; at: number }
  | { kind: 'bad_time'; claim: string }
  | { kind: 'crit' }
  | { kind: 'duplicate_name'; name: string }

export type Fault = 'empty' | 'encrypted' | 'parts' | 'base64' | 'json'

export class NoToken extends Error {
  constructor(
    readonly fault: Fault,
    readonly part?: 'header' | 'claims' | 'signature',
  ) {
    super(fault)
  }
}

function bytesOf(part: string): Uint8Array {
  // RFC 7515 2: base64url without padding; a length of 4n+1 or other letters is damage.
  if (!/^[A-Za-z0-9_-]*$/.test(part) || part.length % 4 === 1) throw new NoToken('base64')
  const text = atob(part.replaceAll('-', '+').replaceAll('_', '/'))
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0))
}

function objectOf(part: string, name: 'header' | 'claims'): { value: Record<string, unknown>; source: string } {
  let bytes: Uint8Array
  try {
    bytes = bytesOf(part)
  } catch {
    throw new NoToken('base64', name)
  }
  try {
    const source = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    const value: unknown = JSON.parse(source)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error()
    return { value: value as Record<string, unknown>, source }
  } catch {
    throw new NoToken('json', name)
  }
}

/** The first name that stands twice in the outermost object: readers disagree on which one counts. */
export function duplicateName(source: string): string | undefined {
  const seen = new Set<string>()
  let depth = 0
  let expectName = false
  for (let index = 0; index < source.length; index += 1) {
    const letter = source[index]
    if (letter === '{' || letter === '[') {
      depth += 1
      expectName = letter === '{' && depth === 1
    } else if (letter === '}' || letter === ']') depth -= 1
    else if (letter === ',' && depth === 1) expectName = true
    else if (letter === '"') {
      let end = index + 1
      while (end < source.length && source[end] !== '"') end += source[end] === '\\' ? 2 : 1
      if (depth === 1 && expectName) {
        const name = JSON.parse(source.slice(index, end + 1)) as string
        if (seen.has(name)) return name
        seen.add(name)
        expectName = false
      }
      index = end
    }
  }
  return undefined
}

export function inspect(token: string, now = Date.now() / 1000): Inspection {
  const text = token.trim()
  if (!text) throw new NoToken('empty')
  const parts = text.split('.')
  if (parts.length === 5) throw new NoToken('encrypted')
  if (parts.length !== 3) throw new NoToken('parts')
  const [first = '', second = '', third = ''] = parts
  const header = objectOf(first, 'header')
  const claims = objectOf(second, 'claims')
  let signatureBytes: number
  try {
    signatureBytes = bytesOf(third).length
  } catch {
    throw new NoToken('base64', 'signature')
  }

  const remarks: Remark[] = []
  const twice = duplicateName(header.source) ?? duplicateName(claims.source)
  if (twice !== undefined) remarks.push({ kind: 'duplicate_name', name: twice })
  if (String(header.value.alg).toLowerCase() === 'none') remarks.push({ kind: 'alg_none' })
  if ('crit' in header.value) remarks.push({ kind: 'crit' })
  if (header.value.kid === undefined) remarks.push({ kind: 'no_kid' })
  for (const claim of ['exp', 'nbf', 'iat']) {
    if (claim in claims.value && typeof claims.value[claim] !== 'number') remarks.push({ kind: 'bad_time', claim })
  }
  const { exp, nbf } = claims.value
  if (exp === undefined) remarks.push({ kind: 'no_exp' })
  else if (typeof exp === 'number') remarks.push(exp <= now ? { kind: 'expired', at: exp } : { kind: 'ends', at: exp })
  if (typeof nbf === 'number' && nbf > now) remarks.push({ kind: 'not_yet', at: nbf })
  return { header: header.value, claims: claims.value, signatureBytes, remarks }
}
