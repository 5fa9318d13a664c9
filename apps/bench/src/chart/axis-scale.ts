import type { Axis } from './chart.ts'

/** Where a value of an axis is: 0 at its beginning, 1 at its end, and no further. */
export function placeOn({ min, max, scale }: Axis, value: number): number {
  const clamped = Math.min(max, Math.max(min, value))
  return scale === 'log' ? Math.log(clamped / min) / Math.log(max / min) : (clamped - min) / (max - min)
}

/** Values worth a line: powers of ten, or about five round ones. */
export function ticksOf({ min, max, scale }: Axis): number[] {
  const ticks: number[] = []
  if (scale === 'log') {
    for (let tick = min; tick <= max * 1.001; tick *= 10) ticks.push(tick)
    return ticks
  }
  const step = roundUp((max - min) / 6)
  for (let tick = Math.ceil(min / step) * step + 0; tick <= max; tick += step) ticks.push(tick)
  return ticks
}

/** To 1, 2 or 5 times a power of ten. */
function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value))
  return ([1, 2, 5].find((factor) => factor * power >= value) ?? 10) * power
}
