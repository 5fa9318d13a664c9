import { expect, test } from 'vitest'
import { CircuitBreaker, CircuitOpenError, consecutiveFailures } from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'
import { down } from './drive.ts'

function closed(): CircuitBreaker {
  return new CircuitBreaker('payments', { clock: new ManualClock(), trip: consecutiveFailures(1) })
}

test('a wrapped function takes the same parameters and gives a promise of its result', async () => {
  const add = closed().wrap((a: number, b: number) => a + b)

  expect(await add(1, 2)).toBe(3)
})

test('a wrapped function keeps its this', async () => {
  class Client {
    readonly #rate = 2

    charge = closed().wrap(function (this: Client, amount: number) {
      return amount * this.#rate
    })
  }

  expect(await new Client().charge(21)).toBe(42)
})

test('a wrapped function keeps its name and length, as functions have them', () => {
  const charge = async function charge(_amount: number, _currency: string): Promise<void> {}
  const wrapped = closed().wrap(charge)

  expect([wrapped.name, wrapped.length]).toEqual(['charge', 2])
  for (const property of ['name', 'length']) {
    expect(Object.getOwnPropertyDescriptor(wrapped, property)).toEqual(
      Object.getOwnPropertyDescriptor(charge, property),
    )
  }
})

test('all wrapped functions share the breaker', async () => {
  const breaker = closed()
  const charge = breaker.wrap(async () => {
    throw down
  })
  const refund = breaker.wrap(async () => 'refunded')

  await expect(charge()).rejects.toBe(down)
  await expect(refund()).rejects.toBeInstanceOf(CircuitOpenError)
})

test('a synchronous throw of a wrapped function is a rejection', async () => {
  const charge = closed().wrap((): string => {
    throw down
  })

  await expect(charge()).rejects.toBe(down)
})
