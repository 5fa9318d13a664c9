import { createHook } from 'node:async_hooks'
import { CircuitBreaker, CircuitBreakerRegistry, failureRate } from '@switchgear/core'
import { circuitBreaker, ConsecutiveBreaker, CountBreaker, handleAll, SamplingBreaker } from 'cockatiel'
import { Effect } from 'effect'
import { CircuitBreaker as EffectBreaker } from 'effect/persistence'
import { Circuit, SlidingCountBreaker } from 'mollitia'
import OpossumBreaker from 'opossum'
import { succeed } from '../call-cases.ts'
import { createBreaker } from '../libraries/effect.ts'
import { median } from '../measure/statistics.ts'
import { stopwatch } from '../measure/time-contenders.ts'

/** What a breaker costs that nobody calls. */
export interface IdleCost {
  readonly name: string
  /** To make it, in processor time. */
  readonly createNs: number
  readonly heapBytes: number
  readonly timers: number
}

type Create = (name: string) => unknown
type IdleRound = Pick<IdleCost, 'createNs' | 'heapBytes'>

interface IdleOptions {
  readonly count: number
  readonly rounds: number
  /** How many kinds, from the first on. Default: all. */
  readonly only?: number
}

/** The first of them is the one that the bar is about. */
export async function measureIdleBreakers(options: IdleOptions): Promise<IdleCost[]> {
  const keyed = new CircuitBreakerRegistry().keyed('orders', { maxKeys: Number.MAX_SAFE_INTEGER })
  const effect = await createBreaker(EffectBreaker.consecutive(5))
  const opossums: OpossumBreaker[] = []
  const keep = (breaker: OpossumBreaker): OpossumBreaker => (opossums.push(breaker), breaker)
  const halfOpenAfter = 30_000
  const kinds: Record<string, Create> = {
    'switchgear, defaults': (name) => new CircuitBreaker(name),
    'switchgear, options of its own': (name) => new CircuitBreaker(name, { openMs: 30_000 }),
    'switchgear, window of 100 calls': (name) =>
      new CircuitBreaker(name, { trip: failureRate({ window: { calls: 100 } }) }),
    'switchgear, window of 60 s': (name) => new CircuitBreaker(name, { trip: failureRate() }),
    'switchgear, keyed': (name) => keyed.for(name),
    'cockatiel, consecutive': () => circuitBreaker(handleAll, { halfOpenAfter, breaker: new ConsecutiveBreaker(5) }),
    'cockatiel, window of 100 calls': () =>
      circuitBreaker(handleAll, { halfOpenAfter, breaker: new CountBreaker({ threshold: 0.5, size: 100 }) }),
    'cockatiel, window of 60 s': () =>
      circuitBreaker(handleAll, { halfOpenAfter, breaker: new SamplingBreaker({ threshold: 0.5, duration: 60_000 }) }),
    'opossum, defaults': (name) => keep(new OpossumBreaker(succeed, { name })),
    'mollitia, defaults': (name) => new Circuit({ name, options: { modules: [new SlidingCountBreaker({})] } }),
    'effect, one key': (key) => Effect.runSync(Effect.void.pipe(effect.execute({ key }))),
  }
  const costs: IdleCost[] = []
  for (const [name, create] of Object.entries(kinds).slice(0, options.only)) {
    costs.push(await measure(name, create, options))
    for (const breaker of opossums.splice(0)) breaker.shutdown()
  }
  return costs
}

async function measure(name: string, create: Create, { count, rounds }: IdleOptions): Promise<IdleCost> {
  const timers = countTimers(() => create(`${name} with timers`))
  // For the compiler.
  await measureRound(name, create, count)
  const measured: IdleRound[] = []
  for (let round = 0; round < rounds; round++) measured.push(await measureRound(`${name} ${round}`, create, count))
  const middle = (part: keyof IdleRound): number => median(measured.map((each) => each[part]))
  return { name, createNs: middle('createNs'), heapBytes: middle('heapBytes'), timers }
}

/** A function of its own: what it holds is let go before the next one begins. */
async function measureRound(name: string, create: Create, count: number): Promise<IdleRound> {
  // Names are their owner's, not the breaker's: they are there before, each in one piece.
  const names = Array.from({ length: count }, (_, i) => Buffer.from(`${name} ${i}`).toString())
  const held = Array.from<unknown>({ length: count })
  const before = heapAfterCollection()
  const { cpuMs } = await stopwatch(() => names.forEach((each, i) => (held[i] = create(each))))
  const heapBytes = (heapAfterCollection() - before) / held.length
  return { createNs: (cpuMs / names.length) * 1e6, heapBytes }
}

function heapAfterCollection(): number {
  // The second time for what the first one's finalizers have let go.
  globalThis.gc?.()
  globalThis.gc?.()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

function countTimers(create: () => unknown): number {
  let timers = 0
  const hook = createHook({ init: (_, type) => void (type === 'Timeout' && timers++) }).enable()
  create()
  hook.disable()
  return timers
}
