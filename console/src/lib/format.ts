// Numbers and dates as the reader's own country writes them.
const locale = typeof navigator === 'undefined' ? 'en' : navigator.language

const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 })
const short = new Intl.NumberFormat(locale, { notation: 'compact', maximumFractionDigits: 1 })
const fine = new Intl.NumberFormat(locale, { maximumFractionDigits: 2 })
const moment = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'medium' })
const clock = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', second: '2-digit' })
const minute = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit' })
const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto', style: 'long' })

export type Instant = string | number | Date

/** Seconds since 1970, an RFC 3339 text, or a Date. */
export function toDate(value: Instant): Date {
  if (value instanceof Date) return value
  return typeof value === 'number' ? new Date(value * 1000) : new Date(value)
}

export const formatNumber = (value: number): string => whole.format(value)
export const formatShort = (value: number): string => (Math.abs(value) < 10000 ? whole.format(value) : short.format(value))
export const formatFine = (value: number): string => fine.format(value)

const valid = (date: Date): boolean => !Number.isNaN(date.getTime())

export function formatMoment(value: Instant): string {
  const date = toDate(value)
  return valid(date) ? moment.format(date) : String(value)
}

/** The time of day alone, where the day is today's. */
export function formatClock(value: Instant, now = new Date()): string {
  const date = toDate(value)
  if (!valid(date)) return String(value)
  return date.toDateString() === now.toDateString() ? clock.format(date) : moment.format(date)
}

export const formatMinute = (value: Instant): string => minute.format(toDate(value))

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31536000],
  ['month', 2592000],
  ['day', 86400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
]

/** "3 minutes ago", "in 2 hours". */
export function formatAge(value: Instant, now = new Date()): string {
  const date = toDate(value)
  if (!valid(date)) return String(value)
  const seconds = Math.round((date.getTime() - now.getTime()) / 1000)
  for (const [unit, size] of STEPS) {
    if (Math.abs(seconds) >= size || unit === 'second') return relative.format(Math.trunc(seconds / size), unit)
  }
  return ''
}

const PARTS: [string, number][] = [
  ['day', 86400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
]

/** A length of time in its two largest units: "2 hr, 5 min". */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return ''
  const sign = seconds < 0 ? '−' : ''
  let rest = Math.abs(seconds)
  const words: string[] = []
  for (const [unit, size] of PARTS) {
    const count = unit === 'second' ? Math.round(rest) : Math.floor(rest / size)
    if (count > 0 && words.length < 2) {
      words.push(new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'short' }).format(count))
      rest -= count * size
    } else if (words.length > 0) break
  }
  return sign + (words.join(', ') || new Intl.NumberFormat(locale, { style: 'unit', unit: 'second', unitDisplay: 'short' }).format(0))
}

export function formatMicros(micros: number): string {
  if (micros >= 1000) return `${fine.format(micros / 1000)} ms`
  return `${whole.format(micros)} µs`
}

export function formatBytes(bytes: number): string {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte']
  let index = 0
  while (bytes >= 1000 && index < units.length - 1) {
    bytes /= 1000
    index += 1
  }
  return new Intl.NumberFormat(locale, { style: 'unit', unit: units[index], unitDisplay: 'short', maximumFractionDigits: 1 }).format(bytes)
}
