import { text } from '@/text'

const SECONDS: Record<string, number> = { hour: 3600, day: 86400, week: 7 * 86400, month: 30 * 86400 }

export const spans = (): { value: string; label: string }[] => [
  { value: 'hour', label: text.span.hour },
  { value: 'day', label: text.span.day },
  { value: 'week', label: text.span.week },
  { value: 'month', label: text.span.month },
]

/** Rounded to a minute, so that the same question has the same address for a while. */
export const startOf = (span: string): number => Math.floor((Date.now() / 1000 - (SECONDS[span] ?? 86400)) / 60) * 60
