import { diag, metrics, trace } from '@opentelemetry/api'
import { expect, onTestFinished, test, vi } from 'vitest'
import { getDefaultRegistry } from '@switchgear/core'
import { instrumentCircuitBreakers } from '@switchgear/otel'
import { beRejected, createRegistry, fail, succeed } from './drive.ts'
import { type Collection, Telemetry } from './telemetry.ts'

const name = 'payments'
const successes = (collection: Collection): unknown => collection.value('calls', { name, outcome: 'success' })
const openings = (collection: Collection): unknown =>
  collection.value('transitions', { name, 'transition.from': 'closed', 'transition.to': 'open' })

test('breakers that were there before and breakers that come later are reported, with all that they had counted', async () => {
  const telemetry = new Telemetry()
  const registry = createRegistry()
  fail(registry.get('before'), 2)

  instrumentCircuitBreakers({ registry, ...telemetry.providers })
  registry.get('after')

  const collection = await telemetry.collect()
  expect(collection.states()).toEqual({ before: 'open', after: 'closed' })
  expect(collection.value('calls', { name: 'before', outcome: 'failure', 'error.type': 'ServiceError' })).toBe(2)
})

test('without options it reports the default registry to the providers that are registered', async () => {
  const telemetry = new Telemetry()
  metrics.setGlobalMeterProvider(telemetry.meterProvider)
  trace.setGlobalTracerProvider(telemetry.tracerProvider)
  onTestFinished(() => {
    metrics.disable()
    trace.disable()
    getDefaultRegistry().delete(name)
  })
  using _ = instrumentCircuitBreakers()

  getDefaultRegistry().get(name).trip({ reason: 'test' })

  expect((await telemetry.collect()).states()).toEqual({ [name]: 'open' })
  expect(telemetry.spans('circuit_breaker.transition')).toHaveLength(1)
})

test('a breaker deleted while it is open is in no state any more', async () => {
  const telemetry = new Telemetry()
  const registry = createRegistry()
  instrumentCircuitBreakers({ registry, ...telemetry.providers })
  const breaker = registry.get(name)
  breaker.acquire()
  fail(breaker, 2)
  const before = await telemetry.collect()

  registry.delete(name)
  const after = await telemetry.collect()

  expect(before.states()).toEqual({ [name]: 'open' })
  expect(after.states()).toEqual({})
  expect(after.value('state', { name, state: 'open' })).toBe(0)
  expect(after.value('call.active', { name })).toBe(0)
  expect(after.value('trip.ratio', { name })).toBe(0)
})

test('counters never go down: not when a breaker is deleted, nor when another one takes its name', async () => {
  const telemetry = new Telemetry()
  const registry = createRegistry()
  instrumentCircuitBreakers({ registry, ...telemetry.providers })
  const breaker = registry.get(name)
  succeed(breaker, 5)
  fail(breaker, 2)
  await telemetry.collect()
  breaker.reset()
  succeed(breaker, 2)

  registry.delete(name)
  const deleted = await telemetry.collect()
  succeed(registry.get(name))
  const again = await telemetry.collect()

  expect([successes(deleted), openings(deleted)]).toEqual([7, 1])
  expect([successes(again), openings(again)]).toEqual([8, 1])
  expect(again.states()).toEqual({ [name]: 'closed' })
})

test('instrumented twice, each call, transition and rejection is still reported once', async () => {
  const telemetry = new Telemetry()
  const registry = createRegistry()
  instrumentCircuitBreakers({ registry, ...telemetry.providers, callDuration: true })
  instrumentCircuitBreakers({ registry, ...telemetry.providers, callDuration: true })
  const breaker = registry.get(name)

  succeed(breaker)
  fail(breaker, 2)
  telemetry.inSpan('request', () => beRejected(breaker))

  const collection = await telemetry.collect()
  expect(collection.value('state', { name, state: 'open' })).toBe(1)
  expect(successes(collection)).toBe(1)
  expect(collection.value('call.duration', { name, outcome: 'success' })).toMatchObject({ count: 1 })
  expect(telemetry.spans('circuit_breaker.transition')).toHaveLength(1)
  expect(telemetry.spans('circuit_breaker.reject')).toHaveLength(1)
  expect(telemetry.logs()).toHaveLength(1)
})

test('instrumented twice, it goes on until both handles are disposed of, in any order', async () => {
  const telemetry = new Telemetry()
  const registry = createRegistry()
  const first = instrumentCircuitBreakers({ registry, ...telemetry.providers })
  const second = instrumentCircuitBreakers({ registry, ...telemetry.providers })
  const breaker = registry.get(name)

  first[Symbol.dispose]()
  first[Symbol.dispose]()
  breaker.trip({ reason: 'test' })
  expect((await telemetry.collect()).states()).toEqual({ [name]: 'open' })
  expect(telemetry.spans('circuit_breaker.transition')).toHaveLength(1)

  second[Symbol.dispose]()
  breaker.reset()
  expect((await telemetry.collect()).states()).toEqual({})
  expect(telemetry.spans('circuit_breaker.transition')).toHaveLength(1)
})

test('instrumented twice with other options, those of the first call hold, and it says so', () => {
  const warn = vi.fn<(message: string) => void>()
  const quiet = (): void => {}
  diag.setLogger({ warn, error: quiet, info: quiet, debug: quiet, verbose: quiet })
  onTestFinished(() => diag.disable())
  const telemetry = new Telemetry()
  const registry = createRegistry()
  instrumentCircuitBreakers({ registry, ...telemetry.providers })
  instrumentCircuitBreakers({ registry, ...telemetry.providers })
  expect(warn).not.toHaveBeenCalled()

  instrumentCircuitBreakers({ registry, ...telemetry.providers, callSpans: true, maxNames: 7 })

  expect(warn.mock.calls.map(([message]) => message)).toEqual([
    expect.stringContaining('metrics of this registry are attached already; the options of the first call hold'),
    expect.stringContaining('spans of this registry are attached already'),
  ])
})

test('two providers each hear of everything', async () => {
  const [one, other] = [new Telemetry(), new Telemetry()]
  const registry = createRegistry()
  instrumentCircuitBreakers({ registry, ...one.providers })
  instrumentCircuitBreakers({ registry, ...other.providers })

  registry.get(name).trip({ reason: 'test' })

  for (const telemetry of [one, other]) {
    expect((await telemetry.collect()).states()).toEqual({ [name]: 'open' })
    expect(telemetry.spans('circuit_breaker.transition')).toHaveLength(1)
  }
})

test('breakers of one name in two registries are added up, so that neither hides the other', async () => {
  const telemetry = new Telemetry()
  const [one, other] = [createRegistry(), createRegistry()]
  instrumentCircuitBreakers({ registry: one, ...telemetry.providers })
  const handle = instrumentCircuitBreakers({ registry: other, ...telemetry.providers })
  succeed(one.get(name), 2)
  succeed(other.get(name), 3)
  fail(one.get(name), 2)

  const both = await telemetry.collect()
  handle[Symbol.dispose]()
  const left = await telemetry.collect()

  expect(successes(both)).toBe(5)
  expect(both.value('state', { name, state: 'open' })).toBe(1)
  expect(both.value('state', { name, state: 'closed' })).toBe(1)
  expect(successes(left)).toBe(5)
  expect(left.value('state', { name, state: 'open' })).toBe(1)
  expect(left.value('state', { name, state: 'closed' })).toBe(0)
})

test('after disposal the next collection takes the last counts and leaves no breaker in any state', async () => {
  const telemetry = new Telemetry()
  const registry = createRegistry()
  const handle = instrumentCircuitBreakers({ registry, ...telemetry.providers, callSpans: true })
  const breaker = registry.get(name)
  succeed(breaker)
  await telemetry.collect()
  succeed(breaker)
  fail(breaker, 2)

  handle[Symbol.dispose]()
  const last = await telemetry.collect()
  breaker.reset()
  succeed(breaker, 5)
  telemetry.inSpan('request', () => succeed(breaker))

  expect(successes(last)).toBe(2)
  expect(last.states()).toEqual({})
  expect(successes(await telemetry.collect())).toBe(2)
  expect(telemetry.spans().map((span) => span.name)).toEqual([`circuit_breaker.transition ${name}`, 'request'])
})

test('attached again after disposal, counters go on where the breakers are', async () => {
  const telemetry = new Telemetry()
  const registry = createRegistry()
  const handle = instrumentCircuitBreakers({ registry, ...telemetry.providers })
  const breaker = registry.get(name)
  succeed(breaker, 2)
  await telemetry.collect()
  handle[Symbol.dispose]()
  const between = await telemetry.collect()
  succeed(breaker, 3)

  instrumentCircuitBreakers({ registry, ...telemetry.providers })
  succeed(breaker)

  expect(successes(between)).toBe(2)
  expect(successes(await telemetry.collect())).toBe(6)
  expect((await telemetry.collect()).states()).toEqual({ [name]: 'closed' })
})

test('attached again before a collection saw the disposal, nothing is counted twice', async () => {
  const telemetry = new Telemetry()
  const registry = createRegistry()
  const breaker = registry.get(name)
  for (let i = 0; i < 3; i++) {
    instrumentCircuitBreakers({ registry, ...telemetry.providers })[Symbol.dispose]()
  }
  instrumentCircuitBreakers({ registry, ...telemetry.providers })
  succeed(breaker, 2)

  const collection = await telemetry.collect()
  expect(successes(collection)).toBe(2)
  expect(collection.value('state', { name, state: 'closed' })).toBe(1)
})

test('a provider that throws leaves nothing attached', async () => {
  const telemetry = new Telemetry()
  const registry = createRegistry()
  const tracerProvider = {
    getTracer: () => {
      throw new Error('no tracer')
    },
  }
  expect(() => instrumentCircuitBreakers({ registry, ...telemetry.providers, tracerProvider })).toThrow('no tracer')
  registry.get(name)

  expect((await telemetry.collect()).states()).toEqual({})
})

test('does nothing, and breaks nothing, where no SDK is', async () => {
  const registry = createRegistry()
  using _ = instrumentCircuitBreakers({ registry, callSpans: true, callDuration: true })
  const breaker = registry.get(name)

  expect(await breaker.execute(() => 'paid')).toBe('paid')
  fail(breaker, 2)
  beRejected(breaker)
  breaker.reset()

  expect(breaker.status().recentFailures.map(({ traceId }) => traceId)).toEqual([undefined, undefined])
})
