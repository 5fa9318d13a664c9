import { AsyncLocalStorage } from 'node:async_hooks'
import { expect, test } from 'vitest'
import { CircuitBreaker, consecutiveFailures } from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'

const never = (): Promise<never> => new Promise(() => {})

function limited(): { breaker: CircuitBreaker; clock: ManualClock } {
  const clock = new ManualClock()
  const breaker = new CircuitBreaker('payments', { clock, timeoutMs: 100, trip: consecutiveFailures(100) })
  return { breaker, clock }
}

/** When a call rejects. */
function ending(call: Promise<unknown>, clock: ManualClock): { at?: number } {
  const seen: { at?: number } = {}
  call.catch(() => Object.assign(seen, { at: clock.now() }))
  return seen
}

/** Lets promises that have settled tell so. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('calls that run side by side have a signal each', async () => {
  const { breaker, clock } = limited()
  const signals: AbortSignal[] = []
  const hang = ({ signal }: { signal: AbortSignal }): Promise<never> => {
    signals.push(signal)
    return never()
  }
  const first = ending(breaker.execute(hang), clock)
  clock.advance(50)
  const second = ending(breaker.execute(hang), clock)

  clock.advance(50)
  await settle()

  expect(signals.map(({ aborted }) => aborted)).toEqual([true, false])
  expect([first.at, second.at]).toEqual([100, undefined])
})

test('each of many calls in flight fails at its own time', async () => {
  const { breaker, clock } = limited()
  const calls = [ending(breaker.execute(never), clock)]
  for (let i = 0; i < 3; i++) {
    clock.advance(30)
    calls.push(ending(breaker.execute(never), clock))
  }

  for (let i = 0; i < 12; i++) {
    clock.advance(10)
    await settle()
  }

  expect(calls.map(({ at }) => at)).toEqual([100, 130, 160, 190])
  expect(breaker.status().totals).toMatchObject({ failure: 4, active: 0 })
})

test('calls that began a ms apart fail a ms apart', async () => {
  const { breaker, clock } = limited()
  const first = ending(breaker.execute(never), clock)
  clock.advance(1)
  const second = ending(breaker.execute(never), clock)

  clock.advance(99)
  await settle()
  expect([first.at, second.at]).toEqual([100, undefined])

  clock.advance(1)
  await settle()
  expect(second.at).toBe(101)
})

test('calls that end in between leave the limits of the others as they are', async () => {
  const { breaker, clock } = limited()
  const works = Array.from({ length: 5 }, () => Promise.withResolvers<void>())
  const calls = works.map((work, i) => {
    if (i > 0) clock.advance(10)
    return ending(
      breaker.execute(() => work.promise),
      clock,
    )
  })
  for (const i of [2, 0, 4]) works[i]?.resolve()
  await settle()

  for (let i = 0; i < 12; i++) {
    clock.advance(10)
    await settle()
  }

  expect(calls.map(({ at }) => at)).toEqual([undefined, 110, undefined, 130, undefined])
})

test('a call that is made when another one times out does not put off the limits of the rest', async () => {
  const { breaker, clock } = limited()
  let replacement: { at?: number } | undefined
  const fallback = (): void => {
    replacement = ending(breaker.execute(never), clock)
  }
  void breaker.execute(never, { fallback })
  clock.advance(50)
  const rest = ending(breaker.execute(never), clock)

  for (let i = 0; i < 20; i++) {
    clock.advance(10)
    await settle()
  }

  expect(rest.at).toBe(150)
  expect(replacement?.at).toBe(200)
})

test('a call that an abort makes at once does not put off the limits of the rest', async () => {
  const { breaker, clock } = limited()
  let replacement: { at?: number } | undefined
  const first = breaker.execute(({ signal }) => {
    signal.addEventListener('abort', () => {
      replacement = ending(breaker.execute(never), clock)
    })
    return never()
  })
  ending(first, clock)
  clock.advance(50)
  const rest = ending(breaker.execute(never), clock)

  for (let i = 0; i < 20; i++) {
    clock.advance(10)
    await settle()
  }

  expect([rest.at, replacement?.at]).toEqual([150, 200])
})

test('each call that times out ends in its own async context, though they share a timer', async () => {
  const { breaker, clock } = limited()
  const context = new AsyncLocalStorage<string>()
  const seen = { events: [] as unknown[], fallbacks: [] as unknown[] }
  breaker.on('failure', () => void seen.events.push(context.getStore()))
  const fallback = (): void => void seen.fallbacks.push(context.getStore())
  const calls = ['first', 'second'].map((name) => context.run(name, () => breaker.execute(never, { fallback })))

  clock.advance(100)
  await Promise.all(calls)

  expect(seen).toEqual({ events: ['first', 'second'], fallbacks: ['first', 'second'] })
})
