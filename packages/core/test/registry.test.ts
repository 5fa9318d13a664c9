import { expect, test } from 'vitest'
import { CircuitBreaker, CircuitBreakerConfigError, CircuitBreakerRegistry } from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'
import { fail, hear, succeed } from './drive.ts'

test('there is one breaker for each name', () => {
  const registry = new CircuitBreakerRegistry()
  const payments = registry.get('payments')

  expect(payments).toBeInstanceOf(CircuitBreaker)
  expect(payments.name).toBe('payments')
  expect(registry.get('payments')).toBe(payments)
  expect(registry.get('search')).not.toBe(payments)
  expect(registry.size).toBe(2)
})

test('names that objects have anyway are names like others', () => {
  const registry = new CircuitBreakerRegistry()
  for (const name of ['__proto__', 'constructor', 'toString']) registry.get(name)

  expect(Object.keys(registry.status())).toEqual(['__proto__', 'constructor', 'toString'])
})

test('peek gives a breaker only if there is one', () => {
  const registry = new CircuitBreakerRegistry()

  expect(registry.peek('payments')).toBeUndefined()
  expect(registry.size).toBe(0)

  expect(registry.peek('payments')).toBe(registry.size === 0 ? undefined : registry.get('payments'))
  const payments = registry.get('payments')
  expect(registry.peek('payments')).toBe(payments)
})

test('a deleted breaker is forgotten, and works on for those who hold it', () => {
  const registry = new CircuitBreakerRegistry()
  const old = registry.get('payments')

  expect(registry.delete('payments')).toBe(true)
  expect(registry.delete('payments')).toBe(false)

  expect(registry.size).toBe(0)
  expect(registry.get('payments')).not.toBe(old)
  succeed(old)
  expect(old.status().totals.success).toBe(1)
})

test('iterating gives the breakers in the order in which they were made', () => {
  const registry = new CircuitBreakerRegistry()
  for (const name of ['c', 'a', 'b', 'a']) registry.get(name)

  expect([...registry].map(({ name }) => name)).toEqual(['c', 'a', 'b'])
})

test('its status is that of every breaker, by name', () => {
  const registry = new CircuitBreakerRegistry({ clock: new ManualClock() })
  const [payments, search] = [registry.get('payments'), registry.get('search')]
  fail(payments, 5)

  expect(registry.status()).toEqual({ payments: payments.status(), search: search.status() })
})

test('its status has the breakers of every family too, and each name in it can be reset', () => {
  const registry = new CircuitBreakerRegistry({ clock: new ManualClock() })
  registry.get('payments')
  const family = registry.keyed('origins', { maxKeys: 2 })
  for (const key of ['a', 'b', 'c']) fail(family.for(key), 5)
  fail(registry.keyed('shards').for('1'), 5)

  const names = Object.keys(registry.status())
  expect(names).toEqual(expect.arrayContaining(['payments', 'origins:a', 'origins:b', 'shards:1']))
  expect(names).toHaveLength(5)

  for (const name of names) expect(registry.reset(name)).toBe(true)
  expect(new Set(Object.values(registry.status()).map(({ state }) => state))).toEqual(new Set(['closed']))
  expect(registry.reset('origins:d')).toBe(false)
  expect(registry.reset('origin:a')).toBe(false)
  expect(registry.reset('another:a')).toBe(false)
})

test('reset resets one breaker and says whether there is one', () => {
  const registry = new CircuitBreakerRegistry()
  const [payments, search] = [registry.get('payments'), registry.get('search')]
  fail(payments, 5)
  fail(search, 5)

  expect(registry.reset('payments')).toBe(true)
  expect(registry.reset('unknown')).toBe(false)

  expect([payments.state, search.state]).toEqual(['closed', 'open'])
  expect(registry.peek('unknown')).toBeUndefined()
})

test('resetAll resets every breaker', () => {
  const registry = new CircuitBreakerRegistry()
  const breakers = ['a', 'b', 'c'].map((name) => registry.get(name))
  for (const breaker of breakers) fail(breaker, 5)

  registry.resetAll()

  expect(breakers.map(({ state }) => state)).toEqual(['closed', 'closed', 'closed'])
})

test('a listener that makes and deletes breakers does not disturb resetAll', () => {
  const registry = new CircuitBreakerRegistry()
  const breakers = ['a', 'b', 'c'].map((name) => registry.get(name))
  for (const breaker of breakers) fail(breaker, 5)
  registry.on('transition', ({ breaker }) => {
    registry.delete(breaker)
    registry.get(`${breaker} again`)
  })

  registry.resetAll()

  expect(breakers.map(({ state }) => state)).toEqual(['closed', 'closed', 'closed'])
})

test('a listener hears all breakers, now and later, and names tell them apart', () => {
  const registry = new CircuitBreakerRegistry()
  const before = registry.get('before')
  const successes = hear(registry, 'success')
  const after = registry.get('after')

  succeed(before)
  succeed(after)

  expect(successes.map(({ breaker }) => breaker)).toEqual(['before', 'after'])
})

test('a listener that has gone hears nothing', () => {
  const registry = new CircuitBreakerRegistry()
  const breaker = registry.get('payments')
  const heard: string[] = []
  {
    using _listening = registry.on('success', () => void heard.push('heard'))
    succeed(breaker)
  }
  succeed(breaker)

  expect(heard).toEqual(['heard'])
})

test('a name must be a string that is not empty', () => {
  const registry = new CircuitBreakerRegistry()

  for (const name of ['', undefined, 7, null]) {
    expect(() => registry.get(name as string)).toThrow(CircuitBreakerConfigError)
    expect(() => new CircuitBreaker(name as string)).toThrow(CircuitBreakerConfigError)
  }
  expect(registry.size).toBe(0)
})
