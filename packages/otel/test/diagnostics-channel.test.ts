import { AsyncLocalStorage } from 'node:async_hooks'
import { channel, subscribe, unsubscribe } from 'node:diagnostics_channel'
import { expect, onTestFinished, test } from 'vitest'
import { type CircuitBreakerRegistry, getDefaultRegistry } from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'
import { CHANNELS, publishCircuitBreakerEvents } from '@switchgear/otel/diagnostics-channel'
import { beRejected, createRegistry, fail, succeed } from './drive.ts'

type Message = Readonly<Record<string, unknown>>

/** All messages of a channel from now on. */
function listenTo(name: string): Message[] {
  const messages: Message[] = []
  const listener = (message: unknown): void => void messages.push(message as Message)
  subscribe(name, listener)
  onTestFinished(() => void unsubscribe(name, listener))
  return messages
}

function publishing(): { clock: ManualClock; registry: CircuitBreakerRegistry; handle: Disposable } {
  const clock = new ManualClock()
  const registry = createRegistry(clock)
  const handle = publishCircuitBreakerEvents({ registry })
  onTestFinished(() => handle[Symbol.dispose]())
  return { clock, registry, handle }
}

test('publishes each event of core to the channel of its name, as core sends it', () => {
  const { clock, registry } = publishing()
  const heard = Object.entries(CHANNELS).map(([event, name]) => [event, listenTo(name)] as const)
  const sent: Record<string, unknown[]> = {}
  for (const [event] of heard)
    registry.on(event as keyof typeof CHANNELS, (message) => void (sent[event] ??= []).push(message))
  const breaker = registry.get('payments')
  const late = breaker.acquire()

  breaker.acquire().ignore()
  fail(breaker, 2)
  beRejected(breaker)
  late.success()
  clock.advance(1_000)
  succeed(breaker)
  registry.get('payments', { openMs: 1 })

  for (const [event, messages] of heard) {
    expect([event, messages.length]).not.toEqual([event, 0])
    // The very same objects.
    expect(messages.map((message, index) => message === sent[event]?.[index])).toEqual(messages.map(() => true))
  }
})

test('a message comes in the call that caused it, in the context of its caller', () => {
  const { registry } = publishing()
  const storage = new AsyncLocalStorage<string>()
  const contexts: unknown[] = []
  const listener = (): void => void contexts.push(storage.getStore())
  subscribe(CHANNELS.transition, listener)
  onTestFinished(() => void unsubscribe(CHANNELS.transition, listener))

  storage.run('request', () => fail(registry.get('payments'), 2))

  expect(contexts).toEqual(['request'])
})

test('subscribers may come and go at any time', () => {
  const { registry } = publishing()
  const breaker = registry.get('payments')
  const messages: unknown[] = []
  const listener = (message: unknown): void => void messages.push(message)

  fail(breaker)
  subscribe('switchgear:failure', listener)
  breaker.reset()
  fail(breaker)
  unsubscribe('switchgear:failure', listener)
  breaker.reset()
  fail(breaker)

  expect(messages).toHaveLength(1)
})

test('a subscriber that throws hurts no call', async () => {
  const { registry } = publishing()
  const uncaught: unknown[] = []
  const listeners = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  process.once('uncaughtException', (error) => void uncaught.push(error))
  onTestFinished(() => {
    for (const listener of listeners) process.on('uncaughtException', listener)
  })
  const mistake = new Error('mistake of a subscriber')
  const listener = (): never => {
    throw mistake
  }
  subscribe(CHANNELS.failure, listener)
  onTestFinished(() => void unsubscribe(CHANNELS.failure, listener))
  const down = new Error('service is down')

  await expect(registry.get('payments').execute(() => Promise.reject(down))).rejects.toBe(down)
  await new Promise((resolve) => setImmediate(resolve))

  // Node tells the process of it, as with every channel.
  expect(uncaught).toEqual([mistake])
  expect(registry.get('payments').status().warnings).toEqual({})
})

test('published twice, each event is one message, until both handles are disposed of', () => {
  const { registry, handle } = publishing()
  const second = publishCircuitBreakerEvents({ registry })
  const messages = listenTo(CHANNELS.transition)
  const breaker = registry.get('payments')

  breaker.trip({ reason: 'test' })
  expect(messages).toHaveLength(1)
  handle[Symbol.dispose]()
  handle[Symbol.dispose]()
  breaker.reset()
  expect(messages).toHaveLength(2)
  second[Symbol.dispose]()
  breaker.trip({ reason: 'test' })
  expect(messages).toHaveLength(2)
})

test('without options it publishes the events of the default registry', () => {
  const handle = publishCircuitBreakerEvents()
  const messages = listenTo(CHANNELS.transition)
  onTestFinished(() => {
    handle[Symbol.dispose]()
    getDefaultRegistry().delete('payments')
  })

  getDefaultRegistry().get('payments').trip({ reason: 'test' })

  expect(messages).toMatchObject([{ breaker: 'payments', to: 'open' }])
})

test('a channel that nobody subscribes to has no events made for it', () => {
  const { clock, registry } = publishing()
  const breaker = registry.get('payments')
  fail(breaker, 2)
  let readings = 0
  clock.wallNow = () => readings++

  beRejected(breaker)
  expect(readings).toBe(0)

  expect(channel(CHANNELS.rejected).hasSubscribers).toBe(false)
  const messages = listenTo(CHANNELS.rejected)
  beRejected(breaker)
  expect([readings, messages.length]).toEqual([1, 1])
})

test.each([
  [{ registry: {} }, 'registry is an object; allowed: a CircuitBreakerRegistry'],
  [{ registery: {} }, 'did you mean registry?'],
])('refuses %o', (options, message) => {
  expect(() => publishCircuitBreakerEvents(options as never)).toThrow(message)
})
