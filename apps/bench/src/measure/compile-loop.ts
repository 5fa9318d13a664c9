import { compileFunction } from 'node:vm'

/** What each call of a loop comes to: 1, a rejection, either, 1 for each of many at once, or anything but a promise. */
export type LoopKind = 'value' | 'rejection' | 'either' | 'concurrent' | 'sync'

/** So many calls are in flight at once in a `concurrent` loop. */
export const AT_ONCE = 100

const bodies: Record<LoopKind, string> = {
  value: 'sink += await call()',
  rejection: 'try { await call() } catch { sink++ }',
  either: 'try { sink += await call() } catch { sink++ }',
  concurrent: `
    const calls = []
    for (let j = 0; j < ${AT_ONCE}; j++) calls.push(call())
    for (const value of await Promise.all(calls)) sink += value
    i += ${AT_ONCE - 1}`,
  sync: 'if (call() !== undefined) sink++',
}

/** Makes so many calls, one after the other, and gives the sum of their results: 1 for each. */
export type Loop = (times: number) => Promise<number>

/**
 * A loop that is compiled anew: it learns from its own calls only. Loops that share their code are as slow as the least
 * predictable of them.
 */
export function compileLoop(kind: LoopKind, call: () => unknown): Loop {
  const source = `return async (times) => {
    let sink = 0
    for (let i = 0; i < times; i++) {
      ${bodies[kind]}
    }
    return sink
  }`
  return (compileFunction(source, ['call']) as (call: () => unknown) => Loop)(call)
}
