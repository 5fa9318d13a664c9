import { CircuitBreakerRegistry } from '@switchgear/core'
import { CircuitBreaker as EffectBreaker } from 'effect/persistence'
import { Effect } from 'effect'
import { succeed } from '../call-cases.ts'
import { createBreaker } from '../libraries/effect.ts'
import type { Contender } from '../measure/time-contenders.ts'

const SIZES = [1, 1_000, 100_000]

/** Finding a breaker by name or key among few and many, and a call through one that was found by its key. */
export async function lookupContenders(): Promise<Contender[]> {
  return (await Promise.all(SIZES.map(contendersAmong))).flat()
}

async function contendersAmong(size: number): Promise<Contender[]> {
  const row = size.toLocaleString('en')
  const keys = shuffled(Array.from({ length: size }, (_, i) => `key-${i}`))
  const map = new Map(keys.map((key) => [key, { key }]))
  const registry = new CircuitBreakerRegistry()
  const family = registry.keyed('orders', { maxKeys: size })
  const effectBreaker = await createBreaker(EffectBreaker.consecutive(5))
  const effectCall = (key: string): Promise<number> =>
    Effect.runPromise(Effect.promise(succeed).pipe(effectBreaker.execute({ key })))
  for (const key of keys) {
    registry.get(key)
    family.for(key)
    await effectCall(key)
  }
  return [
    { row, column: 'Map.get', loop: 'sync', call: takeTurns(keys, (key) => map.get(key)) },
    { row, column: 'registry.get', loop: 'sync', call: takeTurns(keys, (key) => registry.get(key)) },
    { row, column: 'keyed.for', loop: 'sync', call: takeTurns(keys, (key) => family.for(key)) },
    { row, column: 'keyed call', loop: 'value', call: takeTurns(keys, (key) => family.for(key).execute(succeed)) },
    { row, column: 'effect call', loop: 'value', call: takeTurns(keys, effectCall) },
  ]
}

/** The keys in their order, over and over. */
function takeTurns(keys: readonly string[], use: (key: string) => unknown): () => unknown {
  let turn = 0
  return () => use(keys[turn++ % keys.length] as string)
}

/** In an order that memory was not laid out in. */
function shuffled(keys: string[]): string[] {
  let seed = 1
  for (let i = keys.length - 1; i > 0; i--) {
    seed = (seed * 48_271) % 2_147_483_647
    const other = seed % (i + 1)
    ;[keys[i], keys[other]] = [keys[other] as string, keys[i] as string]
  }
  return keys
}
