import { expect, test } from 'vitest'
import {
  type CallContext,
  CircuitBreakerConfigError,
  CircuitBreakerGroup,
  CircuitBreakerRegistry,
  CircuitGroupError,
  CircuitOpenError,
  consecutiveFailures,
  getDefaultRegistry,
  GroupMemberError,
  type GroupMembers,
  type GroupOptions,
  isCircuitOpenError,
} from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'
import { down, fail, hear } from './drive.ts'

const registryOf = (): CircuitBreakerRegistry =>
  new CircuitBreakerRegistry({ clock: new ManualClock(), defaults: { trip: consecutiveFailures(2) } })

/** Fails unless it is told otherwise. */
const broken = (_: CallContext, features?: number): Promise<string> => Promise.reject(features === 0 ? undefined : down)
const double = async (_: CallContext, features: number): Promise<number> => features * 2
const text = (_: CallContext, features: number): string => `of ${features}`

/** The error that a promise rejects with. */
async function rejectionOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => Promise.reject(new Error('it did not reject')),
    (error: unknown) => error,
  )
}

test('settle calls every member with the same arguments and gives all results', async () => {
  const predictions = new CircuitBreakerGroup('predictions', { double, text }, { registry: registryOf() })

  await expect(predictions.settle([21])).resolves.toEqual({
    ok: { double: 42, text: 'of 21' },
    failed: {},
    skipped: {},
    degraded: false,
  })
})

test('members run side by side', async () => {
  let run: (text: string) => void
  const waits = (): Promise<string> => new Promise((resolve) => (run = resolve))
  const answers = async (): Promise<string> => {
    run('both are running')
    return 'answer'
  }
  const group = new CircuitBreakerGroup('side-by-side', { waits, answers }, { registry: registryOf() })

  await expect(group.settle([])).resolves.toMatchObject({ ok: { waits: 'both are running', answers: 'answer' } })
})

test('a member that fails is missing among the results, and what it threw is there', async () => {
  const throws = (): never => {
    throw 'a text'
  }
  const group = new CircuitBreakerGroup('predictions', { double, broken, throws }, { registry: registryOf() })

  const { ok, failed, skipped, degraded } = await group.settle([1])

  expect(ok).toEqual({ double: 2 })
  expect(failed).toEqual({ broken: down, throws: 'a text' })
  expect(failed.broken).toBe(down)
  expect(skipped).toEqual({})
  expect(degraded).toBe(true)
})

test('results, failures and rejections are in the order of the members, whoever is first to answer', async () => {
  let answer: (n: number) => void
  const late = (): Promise<number> => new Promise((resolve) => (answer = resolve))
  const early = async (): Promise<number> => {
    setImmediate(() => answer(1))
    return 2
  }
  const group = new CircuitBreakerGroup('predictions', { late, early }, { registry: registryOf() })

  const { ok } = await group.settle([])

  expect(Object.keys(ok)).toEqual(['late', 'early'])
})

test('each member has a breaker of its own, named after group and member, in the registry', async () => {
  const registry = registryOf()
  const group = new CircuitBreakerGroup('predictions', { double, broken }, { registry })

  expect([...registry].map(({ name }) => name)).toEqual(['predictions.double', 'predictions.broken'])
  expect(group.breakers.double).toBe(registry.peek('predictions.double'))
  await group.settle([1])
  await group.settle([1])

  expect(group.breakers.broken.state).toBe('open')
  expect(group.breakers.double.state).toBe('closed')
  expect(group.status()).toMatchObject({ double: { totals: { success: 2 } }, broken: { state: 'open' } })
})

test('the breakers have the options of the group', () => {
  const registry = registryOf()
  const own = new CircuitBreakerGroup('own', { double }, { registry, trip: consecutiveFailures(1), critical: true })
  const defaults = new CircuitBreakerGroup('defaults', { double }, { registry })
  for (const { breakers } of [own, defaults]) fail(breakers.double)

  expect(own.status().double).toMatchObject({ state: 'open', critical: true })
  expect(defaults.status().double).toMatchObject({ state: 'closed', critical: false })
})

test('a group without options of its own takes the breakers that are there as they are', () => {
  const registry = registryOf()
  const warnings = hear(registry, 'warning')
  const double_ = registry.get('predictions.double', { openMs: 60_000, critical: true })
  const group = new CircuitBreakerGroup('predictions', { double }, { registry })

  expect(group.breakers.double).toBe(double_)
  expect(warnings).toEqual([])
})

test('without a registry the breakers are in the one of the process', () => {
  const group = new CircuitBreakerGroup('in-the-default-registry', { double })

  expect(group.breakers.double).toBe(getDefaultRegistry().peek('in-the-default-registry.double'))
})

test('a member whose breaker is open is skipped and not called', async () => {
  let calls = 0
  const counted = async (_: CallContext, features: number): Promise<number> => {
    calls++
    return features
  }
  const group = new CircuitBreakerGroup('predictions', { counted, double }, { registry: registryOf() })
  group.breakers.counted.trip({ reason: 'test' })

  const { ok, failed, skipped, degraded } = await group.settle([1])

  expect(calls).toBe(0)
  expect(ok).toEqual({ double: 2 })
  expect(failed).toEqual({})
  expect(skipped.counted).toBeInstanceOf(CircuitOpenError)
  expect(skipped.counted).toMatchObject({ breakerName: 'predictions.counted', reason: 'open' })
  expect(degraded).toBe(true)
})

test('a member that throws the rejection of a breaker further in has failed and was not skipped', async () => {
  const registry = registryOf()
  const inner = registry.get('inner')
  inner.trip({ reason: 'test' })
  const nested = (): Promise<number> => inner.execute(() => 1)
  const group = new CircuitBreakerGroup('predictions', { nested, double }, { registry })

  const { failed, skipped } = await group.settle([1])

  expect(failed.nested).toMatchObject({ breakerName: 'inner' })
  expect(skipped).toEqual({})
})

test('fewer results than the minimum reject with an AggregateError that names the members', async () => {
  const group = new CircuitBreakerGroup('predictions', { broken, open: text, double }, { registry: registryOf() })
  group.breakers.open.trip({ reason: 'test' })

  const error = await rejectionOf(group.settle([1], { minimum: 2 }))

  expect(error).toBeInstanceOf(AggregateError)
  expect(error).toBeInstanceOf(CircuitGroupError)
  expect(error).toMatchObject({
    name: 'CircuitGroupError',
    code: 'ERR_CIRCUIT_GROUP',
    groupName: 'predictions',
    minimum: 2,
    message: 'circuit breaker group "predictions" gave 1 of 2 results: broken failed, open was skipped',
    outcome: { ok: { double: 2 }, failed: { broken: down }, degraded: true },
  })
  const { errors } = error as CircuitGroupError
  expect(errors).toMatchObject([
    { name: 'GroupMemberError', member: 'broken', skipped: false, message: 'broken failed' },
    { name: 'GroupMemberError', member: 'open', skipped: true, message: 'open was skipped' },
  ])
  expect(errors[0]).toBeInstanceOf(GroupMemberError)
  expect(errors[0]?.cause).toBe(down)
  expect(errors[1]?.cause).toBeInstanceOf(CircuitOpenError)
  expect(isCircuitOpenError(error)).toBe(true)
})

test('the minimum is one result unless it is given', async () => {
  const group = new CircuitBreakerGroup('predictions', { broken, double }, { registry: registryOf() })
  const alone = new CircuitBreakerGroup('alone', { broken }, { registry: registryOf() })

  await expect(group.settle([1])).resolves.toMatchObject({ degraded: true })
  await expect(alone.settle([1])).rejects.toMatchObject({ minimum: 1 })
  await expect(alone.settle([1], { minimum: 0 })).resolves.toMatchObject({ ok: {}, degraded: true })
  await expect(group.settle([1], { minimum: 2 })).rejects.toBeInstanceOf(CircuitGroupError)
})

test.each([-1, 3, 1.5, Number.NaN, '1' as unknown as number])('a minimum of %s is refused', async (minimum) => {
  const group = new CircuitBreakerGroup('predictions', { double, text }, { registry: registryOf() })

  await expect(group.settle([1], { minimum })).rejects.toThrow(
    `minimum is ${typeof minimum === 'string' ? '"1"' : minimum}; allowed: a whole number from 0 to 2, the number of members`,
  )
  expect(group.status().double.totals.success).toBe(0)
})

test("members are told the call's signal and whether they are a trial", async () => {
  const registry = registryOf()
  const seen: CallContext[] = []
  const looks = async (context: CallContext): Promise<void> => void seen.push(context)
  const group = new CircuitBreakerGroup('predictions', { looks }, { registry })
  const { signal } = new AbortController()

  await group.settle([], { signal })

  expect(seen[0]?.signal).toBe(signal)
  expect(seen[0]?.probe).toBe(false)
})

test("a caller's abort rejects with its reason at once, and counts against no member", async () => {
  const never = (): Promise<number> => new Promise(() => {})
  const group = new CircuitBreakerGroup('predictions', { never, double }, { registry: registryOf() })
  const controller = new AbortController()
  const reason = { left: true }

  const settled = rejectionOf(group.settle([1], { signal: controller.signal }))
  controller.abort(reason)

  expect(await settled).toBe(reason)
  expect(group.status().never.totals).toMatchObject({ ignored: 1, failure: 0 })
})

test('a signal that has aborted before calls no member', async () => {
  const group = new CircuitBreakerGroup('predictions', { double }, { registry: registryOf() })
  const reason = new Error('left')

  await expect(group.settle([1], { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  await expect(group.first([1], { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  expect(group.status().double.totals).toMatchObject({ success: 0, ignored: 0 })
})

test('an abort when all members have answered takes nothing away', async () => {
  const controller = new AbortController()
  const answers = async (): Promise<number> => 1
  const failing = async (): Promise<number> => {
    throw down
  }
  const group = new CircuitBreakerGroup('predictions', { answers, failing }, { registry: registryOf() })
  group.breakers.failing.on('failure', () => controller.abort(new Error('left')))

  await expect(group.settle([], { signal: controller.signal })).resolves.toMatchObject({
    ok: { answers: 1 },
    failed: { failing: down },
  })
})

test('when the time of a signal is over, what is there is given, and the others have failed', async () => {
  const never = (): Promise<number> => new Promise(() => {})
  const group = new CircuitBreakerGroup('predictions', { never, double }, { registry: registryOf() })
  const controller = new AbortController()
  const timeout = new DOMException('the time is over', 'TimeoutError')

  const settled = group.settle([1], { signal: controller.signal })
  await Promise.resolve()
  controller.abort(timeout)

  await expect(settled).resolves.toEqual({ ok: { double: 2 }, failed: { never: timeout }, skipped: {}, degraded: true })
  expect(group.status().never.totals).toMatchObject({ failure: 1, ignored: 0 })
})

test('first gives the result of the first member in the order, and asks no other', async () => {
  const group = new CircuitBreakerGroup('predictions', { double, text }, { registry: registryOf() })

  await expect(group.first([1])).resolves.toEqual({
    member: 'double',
    value: 2,
    failed: {},
    skipped: {},
    degraded: false,
  })
  await expect(group.first([1], { order: ['text', 'double'] })).resolves.toMatchObject({
    member: 'text',
    value: 'of 1',
  })
  expect(group.status()).toMatchObject({ double: { totals: { success: 1 } }, text: { totals: { success: 1 } } })
})

test('first skips what is not available and falls through what fails', async () => {
  const group = new CircuitBreakerGroup('predictions', { open: text, broken, double }, { registry: registryOf() })
  group.breakers.open.trip({ reason: 'test' })

  const answer = await group.first([1], { order: ['open', 'broken', 'double'] })

  expect(answer).toMatchObject({ member: 'double', value: 2, failed: { broken: down }, degraded: true })
  expect(Object.keys(answer.skipped)).toEqual(['open'])
})

test('first rejects with what became of each when none gives a result', async () => {
  const group = new CircuitBreakerGroup('predictions', { open: text, broken, double }, { registry: registryOf() })
  group.breakers.open.trip({ reason: 'test' })

  await expect(group.first([1], { order: ['broken', 'open'] })).rejects.toMatchObject({
    code: 'ERR_CIRCUIT_GROUP',
    message: 'circuit breaker group "predictions" gave 0 of 1 results: broken failed, open was skipped',
  })
})

test('first asks no further member when the caller has left, and rejects with the reason', async () => {
  const controller = new AbortController()
  const reason = new Error('left')
  const leaves = (): Promise<number> => {
    controller.abort(reason)
    return Promise.reject(down)
  }
  const group = new CircuitBreakerGroup('predictions', { leaves, double }, { registry: registryOf() })

  await expect(group.first([1], { signal: controller.signal })).rejects.toBe(reason)
  await expect(group.first([1], { signal: controller.signal, order: ['leaves'] })).rejects.toBe(reason)
  expect(group.status().double.totals.success).toBe(0)
})

test('first rejects with the reason of an abort while the last member is asked', async () => {
  const controller = new AbortController()
  const never = (): Promise<number> => new Promise(() => {})
  const group = new CircuitBreakerGroup('predictions', { never }, { registry: registryOf() })
  const reason = new Error('left')

  const answer = rejectionOf(group.first([], { signal: controller.signal }))
  controller.abort(reason)

  expect(await answer).toBe(reason)
})

test.each([
  [[], ''],
  [['double', 'double'], 'double, double'],
  [['double', 'nobody'], 'double, nobody'],
])('an order of %j is refused', async (order, names) => {
  const group = new CircuitBreakerGroup('predictions', { double, text }, { registry: registryOf() })

  await expect(group.first([1], { order: order as 'double'[] })).rejects.toThrow(
    `order is "${names}"; allowed: members of the group, each once: double, text`,
  )
})

test.each<[unknown, unknown, unknown, string]>([
  ['', { double }, {}, 'a group\'s name is ""; allowed: a string that is not empty'],
  [5, { double }, {}, "a group's name is 5"],
  [
    'predictions',
    {},
    {},
    'the members of group "predictions" is an object; allowed: an object of functions, at least one',
  ],
  ['predictions', undefined, {}, 'the members of group "predictions" is undefined'],
  ['predictions', { double, text: 'x' }, {}, 'member text of group "predictions" is "x"; allowed: a function'],
  ['predictions', { double }, { openMS: 5 }, 'openMS is 5; allowed: did you mean openMs?'],
  ['predictions', { double }, { registry: 5 }, 'registry is 5; allowed: a CircuitBreakerRegistry'],
  ['predictions', { double }, { restore: {} }, 'restore is an object'],
  ['predictions', { double }, { openMs: -1 }, 'openMs is -1'],
])('a group named %j of %o with %o is refused', (name, members, options, message) => {
  const make = (): unknown =>
    new CircuitBreakerGroup<GroupMembers>(name as string, members as GroupMembers, options as GroupOptions)

  expect(make).toThrow(CircuitBreakerConfigError)
  expect(make).toThrow(message)
})

test('what is done to the members afterwards does not touch the group', async () => {
  const members = { double, text }
  const group = new CircuitBreakerGroup('predictions', members, { registry: registryOf() })
  Reflect.deleteProperty(members, 'text')
  members.double = async () => 0

  await expect(group.settle([1])).resolves.toMatchObject({ ok: { double: 2, text: 'of 1' } })
})
