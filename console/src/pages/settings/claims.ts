/** One rule of a claim, as it is typed. */
export interface ClaimRow {
  claim: string
  expected: string
}

export const toRows = (value: unknown): ClaimRow[] =>
  typeof value === 'object' && value !== null ? Object.entries(value as Record<string, unknown>).map(([claim, expected]) => ({ claim, expected: String(expected) })) : []

export const toValue = (rows: ClaimRow[]): Record<string, string> =>
  Object.fromEntries(rows.filter((row) => row.claim.trim() !== '').map((row) => [row.claim.trim(), row.expected]))

/** A name that stands there twice: only the last one would count. */
export function twiceIn(rows: ClaimRow[]): string | undefined {
  const names = rows.map((row) => row.claim.trim()).filter(Boolean)
  return names.find((name, index) => names.indexOf(name) !== index)
}
