/** The middle value; of an even number of values, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  return ((sorted[Math.floor(middle)] ?? Number.NaN) + (sorted[Math.ceil(middle) - 1] ?? Number.NaN)) / 2
}

/** A median and how far the values around it lie. */
export interface Spread {
  readonly median: number
  readonly least: number
  readonly most: number
}

/** How much more one takes than the other, round by round: what slowed down a round slowed down both. */
export function ratioOf(values: readonly number[], to: readonly number[]): Spread {
  const ratios = values.map((value, round) => value / (to[round] ?? Number.NaN))
  return { median: median(ratios), least: Math.min(...ratios), most: Math.max(...ratios) }
}
