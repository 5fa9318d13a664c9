import { expect, test } from 'vitest'
import { failureRate } from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'
import { instrumentCircuitBreakers } from '@switchgear/otel'
import packageJson from '../package.json' with { type: 'json' }
import { ServiceError, beRejected, createRegistry, fail, succeed } from './drive.ts'
import { Telemetry } from './telemetry.ts'

const STATES = ['closed', 'open', 'half_open', 'forced_open', 'disabled']
const name = 'payments'

test('the state metric is 1 for the state a breaker is in and 0 for each other one, in every state', async () => {
  const telemetry = new Telemetry()
  const clock = new ManualClock()
  const registry = createRegistry(clock)
  instrumentCircuitBreakers({ registry, ...telemetry.providers })
  const breaker = registry.get(name)
  const expectState = async (current: string): Promise<void> => {
    const collection = await telemetry.collect()
    const values = STATES.map((state) => [state, collection.value('state', { name, state })])
    expect(values).toEqual(STATES.map((state) => [state, state === current ? 1 : 0]))
  }

  await expectState('closed')
  fail(breaker, 2)
  await expectState('open')
  clock.advance(1_000)
  await expectState('half_open')
  const forced = breaker.forceOpen({ reason: 'maintenance' })
  await expectState('forced_open')
  forced[Symbol.dispose]()
  breaker.disable({ reason: 'test' })
  await expectState('disabled')
})

test('counts calls by outcome, failures by type and rejections by reason', async () => {
  const telemetry = new Telemetry()
  const clock = new ManualClock()
  const registry = createRegistry(clock)
  instrumentCircuitBreakers({ registry, ...telemetry.providers })
  const breaker = registry.get(name)

  succeed(breaker, 3)
  breaker.acquire().ignore()
  fail(breaker)
  fail(breaker, 1, new TypeError('fetch failed'))
  beRejected(breaker, 2)
  const forced = breaker.forceOpen({ reason: 'maintenance' })
  beRejected(breaker)
  forced[Symbol.dispose]()

  const collection = await telemetry.collect()
  const calls = (attributes: Record<string, string>): unknown => collection.value('calls', { name, ...attributes })
  expect(calls({ outcome: 'success' })).toBe(3)
  expect(calls({ outcome: 'ignored' })).toBe(1)
  expect(calls({ outcome: 'failure', 'error.type': 'ServiceError' })).toBe(1)
  expect(calls({ outcome: 'failure', 'error.type': 'TypeError' })).toBe(1)
  expect(calls({ outcome: 'rejected', 'rejection.reason': 'open' })).toBe(2)
  expect(calls({ outcome: 'rejected', 'rejection.reason': 'forced_open' })).toBe(1)
  expect(calls({ outcome: 'rejected', 'rejection.reason': 'half_open_full' })).toBe(0)
})

test('every counter stands at 0 from the creation of the breaker on', async () => {
  const telemetry = new Telemetry()
  const registry = createRegistry()
  instrumentCircuitBreakers({ registry, ...telemetry.providers })
  registry.get(name)

  const collection = await telemetry.collect()

  const zeros = [
    ['calls', { outcome: 'success' }],
    ['calls', { outcome: 'ignored' }],
    ['calls', { outcome: 'failure', 'error.type': '_OTHER' }],
    ['calls', { outcome: 'rejected', 'rejection.reason': 'open' }],
    ['calls', { outcome: 'rejected', 'rejection.reason': 'half_open_full' }],
    ['slow_calls', {}],
    ['transitions', { 'transition.from': 'closed', 'transition.to': 'open' }],
    ['transitions', { 'transition.from': 'open', 'transition.to': 'half_open' }],
    ['transitions', { 'transition.from': 'half_open', 'transition.to': 'open' }],
    ['transitions', { 'transition.from': 'half_open', 'transition.to': 'closed' }],
    ['call.active', {}],
    ['trip.ratio', {}],
  ] as const
  for (const [metric, attributes] of zeros) {
    expect([metric, attributes, collection.value(metric, { name, ...attributes })]).toEqual([metric, attributes, 0])
  }
  for (const state of ['closed', 'open', 'half_open']) expect(collection.value('state.time', { name, state })).toBe(0)
})

test('series of what an operator has to cause begin with it: the rejections at 0, before the first one', async () => {
  const telemetry = new Telemetry()
  const clock = new ManualClock()
  const registry = createRegistry(clock)
  instrumentCircuitBreakers({ registry, ...telemetry.providers })
  const breaker = registry.get(name)
  const forced = async (): Promise<unknown[]> => {
    const collection = await telemetry.collect()
    const rejections = collection.value('calls', { name, outcome: 'rejected', 'rejection.reason': 'forced_open' })
    return [rejections, collection.value('state.time', { name, state: 'forced_open' })]
  }

  expect(await forced()).toEqual([undefined, undefined])
  breaker.forceOpen({ reason: 'maintenance' })
  clock.advance(2_000)
  expect(await forced()).toEqual([0, 2])
  beRejected(breaker)
  breaker.reset()
  expect(await forced()).toEqual([1, 2])
})

test('rejections of a ramp-up are counted, and begin with the first', async () => {
  const telemetry = new Telemetry()
  const clock = new ManualClock()
  const registry = createRegistry(clock)
  instrumentCircuitBreakers({ registry, ...telemetry.providers })
  const breaker = registry.get(name, { rampUp: { stepsPercent: [1], stepMs: 60_000 } })
  const ramping = async (): Promise<unknown> =>
    (await telemetry.collect()).value('calls', { name, outcome: 'rejected', 'rejection.reason': 'ramping' })

  expect(await ramping()).toBeUndefined()
  fail(breaker, 2)
  clock.advance(1_000)
  succeed(breaker)
  for (let i = 0; i < 100; i++) breaker.tryAcquire()?.success()

  expect(await ramping()).toBe(breaker.status().rejections.ramping)
  expect(await ramping()).toBeGreaterThan(0)
})

test('counts each transition and the seconds in each state, also of an opening between two collections', async () => {
  const telemetry = new Telemetry()
  const clock = new ManualClock()
  const registry = createRegistry(clock)
  instrumentCircuitBreakers({ registry, ...telemetry.providers })
  const breaker = registry.get(name)
  await telemetry.collect()

  clock.advance(10_500)
  fail(breaker, 2)
  clock.advance(3_000)
  const probe = breaker.acquire()
  clock.advance(250)
  probe.success()

  const collection = await telemetry.collect()
  expect(collection.states()).toEqual({ [name]: 'closed' })
  const transitions = (from: string, to: string): unknown =>
    collection.value('transitions', { name, 'transition.from': from, 'transition.to': to })
  expect(transitions('closed', 'open')).toBe(1)
  expect(transitions('open', 'half_open')).toBe(1)
  expect(transitions('half_open', 'closed')).toBe(1)
  expect(transitions('half_open', 'open')).toBe(0)
  expect(collection.value('state.time', { name, state: 'closed' })).toBe(10.5)
  expect(collection.value('state.time', { name, state: 'open' })).toBe(1)
  expect(collection.value('state.time', { name, state: 'half_open' })).toBe(2.25)
})

test('the trip ratio rises with each failure, to 1 where the breaker trips', async () => {
  const telemetry = new Telemetry()
  const registry = createRegistry()
  instrumentCircuitBreakers({ registry, ...telemetry.providers })
  const breaker = registry.get(name)

  fail(breaker)

  expect((await telemetry.collect()).value('trip.ratio', { name })).toBe(0.5)
})

test('the failure ratio is there for breakers that have one, and 0 while their window holds too few calls', async () => {
  const telemetry = new Telemetry()
  const registry = createRegistry()
  instrumentCircuitBreakers({ registry, ...telemetry.providers })
  registry.get('counts failures in a row')
  const breaker = registry.get(name, {
    trip: failureRate({ threshold: 0.8, window: { calls: 10 }, minimumCalls: 4 }),
  })

  fail(breaker, 2)
  const early = await telemetry.collect()
  succeed(breaker, 2)
  const late = await telemetry.collect()

  expect(early.points('circuit_breaker.failure.ratio').map(({ value }) => value)).toEqual([0])
  expect(late.value('failure.ratio', { name })).toBe(0.5)
  expect(late.value('trip.ratio', { name })).toBe(0.625)
})

test('calls in flight are counted while they are', async () => {
  const telemetry = new Telemetry()
  const registry = createRegistry()
  instrumentCircuitBreakers({ registry, ...telemetry.providers })
  const breaker = registry.get(name)

  const permits = [breaker.acquire(), breaker.acquire()]
  const during = await telemetry.collect()
  for (const permit of permits) permit.success()
  const after = await telemetry.collect()

  expect(during.value('call.active', { name })).toBe(2)
  expect(after.value('call.active', { name })).toBe(0)
})

test('a critical breaker has a label for it on its state, and only there', async () => {
  const telemetry = new Telemetry()
  const registry = createRegistry()
  instrumentCircuitBreakers({ registry, ...telemetry.providers })
  registry.get(name, { critical: true })

  const collection = await telemetry.collect()

  expect(collection.value('state', { name, state: 'closed', critical: true })).toBe(1)
  const labelled = collection.metrics.filter(({ dataPoints }) =>
    dataPoints.some(({ attributes }) => 'circuit_breaker.critical' in attributes),
  )
  expect(labelled.map(({ descriptor }) => descriptor.name)).toEqual(['circuit_breaker.state'])
})

test('a critical breaker keeps its label where it shares a name with one that is not, each counted once', async () => {
  const telemetry = new Telemetry()
  const registry = createRegistry()
  instrumentCircuitBreakers({ registry, ...telemetry.providers, maxNames: 1 })
  for (const [index, critical] of [false, false, true].entries()) registry.get(`breaker ${index}`, { critical })
  await telemetry.collect()
  fail(registry.get('breaker 2'), 2)

  const collection = await telemetry.collect()

  expect(collection.value('state', { name: '_OTHER', state: 'closed' })).toBe(1)
  expect(collection.value('state', { name: '_OTHER', state: 'open' })).toBe(0)
  expect(collection.value('state', { name: '_OTHER', state: 'open', critical: true })).toBe(1)
})

test('a breaker that takes the name of a deleted one is critical if it says so itself', async () => {
  const telemetry = new Telemetry()
  const registry = createRegistry()
  instrumentCircuitBreakers({ registry, ...telemetry.providers })
  registry.get(name)
  await telemetry.collect()
  registry.delete(name)
  registry.get(name, { critical: true })

  const collection = await telemetry.collect()

  expect(collection.value('state', { name, state: 'closed' })).toBe(0)
  expect(collection.value('state', { name, state: 'closed', critical: true })).toBe(1)
})

test('a trip policy of somebody’s own cannot spoil a ratio', async () => {
  const telemetry = new Telemetry()
  const registry = createRegistry()
  instrumentCircuitBreakers({ registry, ...telemetry.providers })
  const tracker = {
    record: () => undefined,
    readings: () => [{ policy: 'failure_rate', threshold: 0, value: Number.NaN }],
    clear: () => {},
  }
  registry.get(name, { trip: { policy: 'failure_rate', createTracker: () => tracker } as never })

  const collection = await telemetry.collect()

  expect(collection.value('failure.ratio', { name })).toBe(0)
  expect(collection.value('trip.ratio', { name })).toBe(0)
})

test('has the scope of this package and its version', async () => {
  const telemetry = new Telemetry()
  const registry = createRegistry()
  instrumentCircuitBreakers({ registry, ...telemetry.providers })
  registry.get(name)

  const { scopes } = await telemetry.collect()

  expect(scopes).toEqual([expect.objectContaining({ name: '@switchgear/otel', version: packageJson.version })])
})

test('reading changes nothing: a breaker whose open time is over reads as half-open and makes no transition', async () => {
  const telemetry = new Telemetry()
  const clock = new ManualClock()
  const registry = createRegistry(clock)
  instrumentCircuitBreakers({ registry, ...telemetry.providers })
  const breaker = registry.get(name)
  fail(breaker, 2)
  clock.advance(5_000)

  const collection = await telemetry.collect()

  expect(collection.states()).toEqual({ [name]: 'half_open' })
  expect(collection.value('transitions', { name, 'transition.from': 'open', 'transition.to': 'half_open' })).toBe(0)
  expect(telemetry.spans('circuit_breaker.transition')).toHaveLength(1)
})

test('a breaker that cannot be read costs the others nothing', async () => {
  const telemetry = new Telemetry()
  const registry = createRegistry()
  const hostile = registry.get('hostile')
  registry.get(name)
  instrumentCircuitBreakers({ registry, ...telemetry.providers })
  await telemetry.collect()
  Object.defineProperty(hostile, 'status', {
    value: () => {
      throw new ServiceError('no status')
    },
  })

  succeed(registry.get(name))
  const collection = await telemetry.collect()

  expect(collection.errors).toEqual([])
  expect(collection.value('calls', { name, outcome: 'success' })).toBe(1)
})
