/** Numbers from 0 to `size - 1` by Zipf's law: the n-th is drawn 1/n as often as the first. */
export function zipf(size: number, random: () => number): () => number {
  const sums = new Float64Array(size)
  let sum = 0
  for (let i = 0; i < size; i++) sums[i] = sum += 1 / (i + 1)
  return () => {
    const drawn = random() * sum
    let low = 0
    let high = size - 1
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((sums[middle] ?? sum) <= drawn) low = middle + 1
      else high = middle
    }
    return low
  }
}
