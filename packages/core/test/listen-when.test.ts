import { expect, test, vi } from 'vitest'
import { CircuitBreaker, CircuitBreakerRegistry, consecutiveFailures } from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'
import { fail, hear, succeed } from './drive.ts'

function openBreaker(clock: ManualClock = new ManualClock()): CircuitBreaker {
  const breaker = new CircuitBreaker('payments', { clock, trip: consecutiveFailures(1) })
  fail(breaker)
  return breaker
}

test('a listener with `when` hears of what happens while that is true', () => {
  const breaker = openBreaker()
  let isWanted = false
  const listener = vi.fn<() => void>()
  breaker.on('rejected', listener, { when: () => isWanted })

  breaker.tryAcquire()
  expect(listener).toHaveBeenCalledTimes(0)
  isWanted = true
  breaker.tryAcquire()
  expect(listener).toHaveBeenCalledTimes(1)
  isWanted = false
  breaker.tryAcquire()
  expect(listener).toHaveBeenCalledTimes(1)
})

test('an event that nobody wants is not made', () => {
  const clock = new ManualClock()
  const breaker = openBreaker(clock)
  const wallNow = vi.spyOn(clock, 'wallNow')
  breaker.on('rejected', () => {}, { when: () => false })

  breaker.tryAcquire()
  expect(wallNow).not.toHaveBeenCalled()

  const heard = hear(breaker, 'rejected')
  breaker.tryAcquire()
  expect(wallNow).toHaveBeenCalledTimes(1)
  expect(heard).toHaveLength(1)
})

test('each listener is asked for itself, on a breaker, its family and its registry', () => {
  const registry = new CircuitBreakerRegistry()
  const family = registry.keyed('tenants')
  const breaker = family.for('a')
  const heard: string[] = []
  for (const [name, source] of Object.entries({ breaker, family, registry })) {
    for (const when of [() => true, () => false, undefined]) {
      source.on('success', () => void heard.push(`${name} ${when?.()}`), { when })
    }
  }

  succeed(breaker)

  expect(heard).toEqual([
    'breaker true',
    'breaker undefined',
    'family true',
    'family undefined',
    'registry true',
    'registry undefined',
  ])
})

test('a `when` that throws hurts no call, and the listener hears of everything', () => {
  const breaker = openBreaker()
  const listener = vi.fn<() => void>()
  breaker.on('rejected', listener, {
    when: () => {
      throw new Error('mistake')
    },
  })

  expect(breaker.tryAcquire()).toBeUndefined()
  expect(listener).toHaveBeenCalledTimes(1)
})

test('a warning that nobody wants is printed', () => {
  const print = vi.spyOn(console, 'warn').mockImplementation(() => {})
  const breaker = openBreaker()
  const listener = vi.fn<() => void>()
  breaker.on('warning', listener, { when: () => false })
  breaker.on('rejected', () => {
    throw new Error('mistake')
  })

  breaker.tryAcquire()

  expect(listener).not.toHaveBeenCalled()
  expect(print).toHaveBeenCalledTimes(1)
  print.mockRestore()
})
