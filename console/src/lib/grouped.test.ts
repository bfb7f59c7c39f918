import { describe, expect, it } from 'vitest'
import { grouped } from './grouped'

describe('a curve as rows', () => {
  it('sums its steps, and loses none', () => {
    const times = Array.from({ length: 50 }, (_, n) => n * 10)
    const rows = grouped(times, [times.map(() => 1)], true)
    expect(rows).toHaveLength(17)
    expect(rows[1]).toEqual({ from: 30, values: [3] })
    expect(rows.reduce((sum, row) => sum + row.values[0]!, 0)).toBe(50)
  })
  it('shows what stood last, where a sum would say nothing', () => {
    expect(grouped([0, 10, 20], [[5, 6, 7]], false, 1)).toEqual([{ from: 0, values: [7] }])
    expect(grouped([], [[]], false)).toEqual([])
  })
})
