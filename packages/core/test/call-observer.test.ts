import { expect, test } from 'vitest'
import { type CallObserver, CircuitBreakerRegistry, consecutiveFailures } from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'
import { down, hear } from './drive.ts'

/** Writes down what it is told, and runs calls inside a note. */
class NotingObserver implements CallObserver {
  readonly notes: string[] = []
  readonly #name: string
  #running = 0

  constructor(name = '') {
    this.#name = name
  }

  callAdmitted(breaker: string, state: string, probe: boolean): ReturnType<CallObserver['callAdmitted']> {
    this.notes.push(`${this.#name}${breaker} admitted in ${state}${probe ? ' as a probe' : ''}`)
    return {
      run: (fn) => {
        this.#running++
        try {
          return fn()
        } finally {
          this.#running--
        }
      },
      end: (verdict, type) => void this.notes.push(`${verdict}${type === undefined ? '' : ` of ${type}`}`),
    }
  }

  traceId(): string {
    return `trace ${this.#running}`
  }
}

function observed(): { registry: CircuitBreakerRegistry; observer: NotingObserver; clock: ManualClock } {
  const clock = new ManualClock()
  const defaults = { trip: consecutiveFailures(2), openMs: 1_000, halfOpen: { maxConcurrent: 1, successesToClose: 1 } }
  const registry = new CircuitBreakerRegistry({ clock, defaults })
  const observer = new NotingObserver()
  return { registry, observer, clock }
}

test('an observer sees each call’s admission and end, probes as such, rejections not', async () => {
  const { registry, observer, clock } = observed()
  registry.observe(observer)
  const breaker = registry.get('payments')

  await breaker.execute(() => 1)
  breaker.acquire().ignore()
  for (let i = 0; i < 2; i++) await breaker.execute(() => Promise.reject(new TypeError('x'))).catch(() => {})
  breaker.tryAcquire()
  clock.advance(1_000)
  const probe = breaker.acquire()
  breaker.tryAcquire()
  probe.success()

  expect(observer.notes).toEqual([
    'payments admitted in closed',
    'success',
    'payments admitted in closed',
    'ignored',
    'payments admitted in closed',
    'failure of TypeError',
    'payments admitted in closed',
    'failure of TypeError',
    'payments admitted in half_open as a probe',
    'success',
  ])
})

test('a call runs inside its observation, with its context, and a permit’s work may', async () => {
  const { registry, observer } = observed()
  registry.observe(observer)
  const breaker = registry.get('payments')

  expect(await breaker.execute(({ probe }) => [observer.traceId(), probe])).toEqual(['trace 1', false])
  expect(breaker.acquire().run(() => observer.traceId())).toBe('trace 1')
  expect(observer.traceId()).toBe('trace 0')
})

test('a failure keeps the trace in which it was counted', () => {
  const { registry, observer } = observed()
  registry.observe(observer)
  const breaker = registry.get('payments')

  const permit = breaker.acquire()
  permit.run(() => permit.failure(down))

  expect(breaker.status().recentFailures).toEqual([expect.objectContaining({ traceId: 'trace 1' })])
})

test('a call that is not watched runs as it is', async () => {
  const { registry } = observed()
  registry.observe({ callAdmitted: () => undefined, traceId: () => undefined })
  const breaker = registry.get('payments')

  expect(await breaker.execute(() => 'result')).toBe('result')
  breaker.acquire().failure(down)
  expect(breaker.status().recentFailures[0]).not.toHaveProperty('traceId')
})

test('an observer sees the end under the type that is counted', () => {
  const { registry, observer } = observed()
  registry.observe(observer)

  registry.get('payments').acquire().failure(down, { type: '503' })
  registry.get('payments').acquire()[Symbol.dispose]()

  expect(observer.notes.filter((note) => note.startsWith('failure'))).toEqual([
    'failure of 503',
    'failure of abandoned',
  ])
})

test('the observation of a lost probe ends as a failure of its lease', () => {
  const { registry, observer, clock } = observed()
  registry.observe(observer)
  const breaker = registry.get('payments')
  breaker.trip({ reason: 'test' })
  clock.advance(1_000)
  breaker.acquire()
  clock.advance(1_000)

  breaker.tryAcquire()

  expect(observer.notes.at(-1)).toBe('failure of CircuitTimeoutError')
})

test('the latest observer is the one that is asked, and the one before it when it has gone', () => {
  const { registry } = observed()
  const [first, second] = [new NotingObserver(), new NotingObserver()]
  registry.observe(first)
  const handle = registry.observe(second)
  registry.get('payments').acquire()
  handle[Symbol.dispose]()
  registry.get('payments').acquire()

  expect([first.notes.length, second.notes.length]).toEqual([1, 1])
})

test('an observer that has gone does not come back', () => {
  const { registry } = observed()
  const [first, second] = [new NotingObserver(), new NotingObserver()]
  const handles = [registry.observe(first), registry.observe(second)]
  for (const handle of handles) handle[Symbol.dispose]()

  registry.get('payments').acquire()

  expect([first.notes, second.notes]).toEqual([[], []])
})

test('an observer that comes while a call is running sees the next one', () => {
  const { registry, observer } = observed()
  const breaker = registry.get('payments')
  const before = breaker.acquire()
  const successes = hear(breaker, 'success')
  registry.observe(observer)

  before.success()
  breaker.acquire()

  expect(successes).toHaveLength(1)
  expect(observer.notes).toEqual(['payments admitted in closed'])
})

test('a lease that is over is no evidence from the trace of the call that noticed it', () => {
  const clock = new ManualClock()
  const registry = new CircuitBreakerRegistry({ clock })
  registry.observe({ callAdmitted: () => undefined, traceId: () => 'trace of whoever is active' })
  const breaker = registry.get('payments')
  breaker.trip({ reason: 'test' })
  clock.advance(300_000)
  breaker.acquire()
  clock.advance(30_000)

  breaker.tryAcquire()

  expect(breaker.status().recentFailures[0]).toMatchObject({ type: 'CircuitTimeoutError' })
  expect(breaker.status().recentFailures[0]).not.toHaveProperty('traceId')
})
