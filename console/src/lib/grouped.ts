export interface Grouped {
  from: number
  values: number[]
}

/** A curve as rows that can be read out: at most `most`, each with the sum of its steps, or with what stood last. */
export function grouped(times: number[], lines: number[][], total: boolean, most = 24): Grouped[] {
  const size = Math.max(1, Math.ceil(times.length / most))
  const out: Grouped[] = []
  for (let at = 0; at < times.length; at += size)
    out.push({
      from: times[at]!,
      values: lines.map((values) => {
        const some = values.slice(at, at + size)
        return total ? some.reduce((left, right) => left + right, 0) : (some.at(-1) ?? 0)
      }),
    })
  return out
}
