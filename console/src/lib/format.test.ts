import { describe, expect, it } from 'vitest'
import { formatAge, formatBytes, formatClock, formatDuration, formatMicros, formatMoment } from './format'

const now = new Date('2026-11-24T12:00:00Z')

describe('times and sizes for a reader', () => {
  it('tells ages in their largest unit, and does not round up', () => {
    expect(formatAge(new Date('2026-11-24T11:58:01Z'), now)).toBe('1 minute ago')
    expect(formatAge(new Date('2026-11-24T14:59:00Z'), now)).toBe('in 2 hours')
    expect(formatAge(now, now)).toBe('now')
  })
  it('tells lengths in two units', () => {
    expect(formatDuration(7500)).toBe('2 hr, 5 min')
    expect(formatDuration(86400)).toBe('1 day')
    expect(formatDuration(0)).toBe('0 sec')
    expect(formatDuration(-90)).toBe('−1 min, 30 sec')
  })
  it('leaves the day out where it is today', () => {
    expect(formatClock(now, now)).not.toContain('2026')
    expect(formatClock(new Date('2026-11-22T12:00:00Z'), now)).toContain('2026')
  })
  it('shows what is no time as it came', () => {
    expect(formatMoment('soon')).toBe('soon')
  })
  it('has units for bytes and microseconds', () => {
    expect(formatBytes(64_000_000)).toBe('64 MB')
    expect(formatMicros(1234)).toBe('1.23 ms')
    expect(formatMicros(12)).toBe('12 µs')
  })
})
