import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'

/** Numbers from 0 to 1, below 1, the same ones for the same seed. */
export function randomNumbers(seed: number): () => number {
  const generator = xoroshiro128plus(seed)
  return () => uniformFloat64(generator)
}

/** How many events happen in a time in which `mean` are expected (Knuth's way, for small means). */
export function poisson(mean: number, random: () => number): number {
  const end = Math.exp(-mean)
  let events = 0
  for (let left = random(); left > end; left *= random()) events++
  return events
}
