import { beforeEach, expect, test } from 'vitest'
import {
  circuitBreakerProtected,
  CircuitBreakerConfigError,
  type CircuitBreakerOptions,
  CircuitOpenError,
  consecutiveFailures,
  getCircuitBreaker,
  getDefaultRegistry,
} from '@switchgear/core'
import { down } from './drive.ts'

// Each test begins as a process does: without a default registry.
beforeEach(() => {
  Reflect.deleteProperty(globalThis, Symbol.for('switchgear.defaultRegistry'))
  Client = defineClient()
})

let Client: ReturnType<typeof defineClient>

const defineClient = () =>
  class {
    readonly #currency: string

    constructor(currency: string) {
      this.#currency = currency
    }

    @circuitBreakerProtected('payments', { trip: consecutiveFailures(2) })
    async charge(amount: number, works = true): Promise<string> {
      if (!works) throw down
      return `${amount} ${this.#currency}`
    }

    @circuitBreakerProtected('payments')
    static async ping(): Promise<string> {
      return 'pong'
    }

    @circuitBreakerProtected('payments')
    async #hidden(): Promise<string> {
      return `hidden ${this.#currency}`
    }

    reveal(): Promise<string> {
      return this.#hidden()
    }
  }

test('a decorated method keeps its this, parameters and result', async () => {
  expect(await new Client('EUR').charge(5)).toBe('5 EUR')
  expect(await new Client('USD').charge(7)).toBe('7 USD')
})

test('a decorated method keeps its name and length', () => {
  expect([Client.prototype.charge.name, Client.prototype.charge.length]).toEqual(['charge', 1])
})

test('a decorated method goes through the breaker of its name, for all instances', async () => {
  for (const client of [new Client('EUR'), new Client('USD')]) await expect(client.charge(1, false)).rejects.toBe(down)

  await expect(new Client('CHF').charge(1)).rejects.toBeInstanceOf(CircuitOpenError)
  await expect(Client.ping()).rejects.toBeInstanceOf(CircuitOpenError)
  expect(getCircuitBreaker('payments').state).toBe('open')
})

test('static and private methods can be decorated', async () => {
  expect(await Client.ping()).toBe('pong')
  expect(await new Client('EUR').reveal()).toBe('hidden EUR')
})

test('a plain function can be protected', async () => {
  const charge = circuitBreakerProtected('payments', { trip: consecutiveFailures(1) })(async (amount: number) => {
    if (amount > 100) throw down
    return amount
  })

  expect(await charge(5)).toBe(5)
  await expect(charge(101)).rejects.toBe(down)
  await expect(charge(5)).rejects.toBeInstanceOf(CircuitOpenError)
})

test('a plain function that throws at once gives a rejection', async () => {
  const charge = circuitBreakerProtected('payments')((): string => {
    throw down
  })

  await expect(charge()).rejects.toBe(down)
})

test('no breaker is made before the first call', async () => {
  const charge = circuitBreakerProtected('payments')(async () => 1)
  expect(getDefaultRegistry().size).toBe(0)

  await charge()
  expect(getDefaultRegistry().size).toBe(1)
})

test('after its breaker was deleted, the next call makes a new one with the same options', async () => {
  const charge = circuitBreakerProtected('payments', { trip: consecutiveFailures(1) })(async () => {
    throw down
  })
  await expect(charge()).rejects.toBe(down)
  const old = getCircuitBreaker('payments')
  getDefaultRegistry().delete('payments')

  await expect(charge()).rejects.toBe(down)

  expect(getCircuitBreaker('payments')).not.toBe(old)
  await expect(charge()).rejects.toBeInstanceOf(CircuitOpenError)
})

test('a mistake in the options is an error where the decorator stands', () => {
  expect(() => circuitBreakerProtected('payments', { timeout: 5 } as CircuitBreakerOptions)).toThrow(
    /did you mean timeoutMs/,
  )
})

test('a mistake in the name is a rejection of the first call', async () => {
  await expect(circuitBreakerProtected('')(async () => 1)()).rejects.toBeInstanceOf(CircuitBreakerConfigError)
})

test('anything but a method or a function is refused, with what to do', () => {
  const decorate = circuitBreakerProtected('payments') as unknown as (target: unknown, context?: unknown) => unknown

  // What experimentalDecorators would pass: the prototype, the name, the descriptor.
  expect(() => decorate(Client.prototype, 'charge')).toThrow(/experimentalDecorators/)
  expect(() => decorate(undefined, { kind: 'field' })).toThrow(CircuitBreakerConfigError)
  expect(() => decorate(Client, { kind: 'class' })).toThrow(/class/)
  expect(() => decorate(() => 1, { kind: 'getter' })).toThrow(/getter/)
})
