/** Numbers from 0 to 1, below 1, the same ones for the same seed (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** How many events happen in a time in which `mean` are expected (Knuth's way, for small means). */
export function poisson(mean: number, random: () => number): number {
  const end = Math.exp(-mean)
  let events = 0
  for (let left = random(); left > end; left *= random()) events++
  return events
}
