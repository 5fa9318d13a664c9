import { CircuitBreaker, CircuitBreakerRegistry, type Outcome, type Verdict } from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'
import { expect, test } from 'vitest'

const classify = (_outcome: Outcome): Verdict => 'ignored'

test('callOptions say how a breaker makes its calls', () => {
  const { callOptions } = new CircuitBreaker('payments', { timeoutMs: 2_000, classify })

  expect(callOptions.timeoutMs).toBe(2_000)
  expect(callOptions.classify).toBe(classify)
})

test('callOptions of a breaker without options: no time limit, no verdict of its own', () => {
  const { callOptions } = new CircuitBreaker('payments')

  expect(callOptions.timeoutMs).toBeUndefined()
  expect(callOptions.classify).toBeUndefined()
})

test('callOptions have what the registry says for all its breakers', () => {
  const clock = new ManualClock({ now: 5, wallNow: 7 })
  const registry = new CircuitBreakerRegistry({ clock, defaults: { timeoutMs: 3_000, classify } })
  const { callOptions } = registry.keyed('origins').for('https://service.test')

  expect(callOptions.timeoutMs).toBe(3_000)
  expect(callOptions.classify).toBe(classify)
  expect([callOptions.clock.now(), callOptions.clock.wallNow()]).toEqual([5, 7])
})

test('the clock of callOptions sets timers, also where the one that was given cannot', async () => {
  const { callOptions } = new CircuitBreaker('payments', { clock: { now: () => 0 } })

  await new Promise<void>((resolve) => void callOptions.clock.setTimer(resolve, 0))
})
