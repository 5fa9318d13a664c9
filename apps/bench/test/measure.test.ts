import { expect, test } from 'vitest'
import { compileLoop, type LoopKind } from '../src/measure/compile-loop.ts'
import { median, ratioOf } from '../src/measure/statistics.ts'
import { timeContenders } from '../src/measure/time-contenders.ts'

const rounds = { rounds: 1, roundMs: 1 }

test('the median of an even number of values is between the two in the middle', () => {
  expect(median([4, 1, 3, 2])).toBe(2.5)
  expect(median([3, 1, 2])).toBe(2)
})

test('a ratio compares values of the same round', () => {
  expect(ratioOf([10, 40, 90], [10, 20, 30])).toEqual({ median: 2, least: 1, most: 3 })
})

const one = (): Promise<number> => Promise.resolve(1)
const loops: [LoopKind, () => unknown][] = [
  ['value', one],
  ['rejection', () => Promise.reject(new Error('down'))],
  ['concurrent', one],
  ['sync', () => 'found'],
]

test.for(loops)('a loop of kind %s counts each of its calls', async ([kind, call]) => {
  await expect(compileLoop(kind, call)(200)).resolves.toBe(200)
})

test('gives the time of a call for each round', async () => {
  const contender = { row: 'row', column: 'column', loop: 'value', call: one } as const
  const [timing] = await timeContenders([contender], { rounds: 3, roundMs: 1 })
  expect(timing?.rounds).toHaveLength(3)
  expect(timing?.rounds.every(({ wallNs }) => wallNs > 0)).toBe(true)
})

test('a case that does something else than it says fails the run', async () => {
  const never = (): Promise<number> => Promise.resolve(0)
  const opened = { row: 'closed, success', column: 'breaker', loop: 'value', call: never } as const
  await expect(timeContenders([opened], rounds)).rejects.toThrow('breaker, closed, success: 0 of 1 calls')
})
