import {
  type CircuitBreaker,
  type CircuitBreakerOptions,
  CircuitBreakerRegistry,
  isCircuitOpenError,
} from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { FlakyServer } from './flaky-server.ts'
import { answer, cutBody, HeldReply, neverAnswer, type Reply, resetBeforeHeaders } from './replies.ts'

/** Where an adapter under test sends its calls, and how its breaker is to be made. */
export interface ContractTarget {
  readonly server: FlakyServer
  readonly registry: CircuitBreakerRegistry
  /** Five failures open it, three of three probes close it, a call may take a second; all on a clock that the test moves. */
  readonly options: CircuitBreakerOptions & { readonly timeoutMs: number; readonly clock: ManualClock }
}

/** A vendor's client that is guarded by the adapter under test. */
export interface GuardedClient {
  /** The breaker that guards calls to the server. */
  readonly breaker: CircuitBreaker
  /** Makes one whole call, its body included, and gives what the adapter gave. Needs no more than one request. */
  call(options?: { signal?: AbortSignal }): Promise<unknown>
  /** What the vendor's own client gave to the adapter last. */
  readonly vendorResult: unknown
}

/** What an adapter's tests bring along for the contract. */
export interface ContractDriver {
  connect(target: ContractTarget): GuardedClient
  /** A reply that the vendor's client takes for success. Default: `200 ok`. */
  readonly success?: Reply
  /** A reply that the vendor's client takes for the service's failure. Default: an empty 503. */
  readonly failure?: Reply
}

const HALF_OPEN = { successesToClose: 3, failuresToOpen: 1, maxConcurrent: 3 }
const OPEN_MS = 60_000
const TIMEOUT_MS = 1_000

/** The tests that every adapter has to pass, against a real server and with the vendor's real client. */
export function testAdapterContract(adapter: string, driver: ContractDriver): void {
  const { success = answer(), failure = answer({ status: 503, body: '' }) } = driver

  describe(`${adapter} keeps the adapter contract:`, () => {
    let server: FlakyServer
    let clock: ManualClock
    let client: GuardedClient

    beforeEach(async () => {
      server = await FlakyServer.start()
      server.always(success)
      clock = new ManualClock()
      const options = { clock, openMs: OPEN_MS, halfOpen: HALF_OPEN, timeoutMs: TIMEOUT_MS }
      client = driver.connect({ server, registry: new CircuitBreakerRegistry({ clock }), options })
    })

    afterEach(() => server[Symbol.asyncDispose]())

    const open = (): void => void client.breaker.trip({ reason: 'test' })

    test('an open breaker sends no bytes', async () => {
      open()
      await expect(client.call()).rejects.toThrow()
      expect(server.connections).toBe(0)
    })

    test('a rejection is recognisable through whatever the client wraps around it', async () => {
      open()
      const error: unknown = await client.call().catch((thrown: unknown) => thrown)
      expect(isCircuitOpenError(error)).toBe(true)
    })

    test('the result is the very object that the client gave', async () => {
      expect(await client.call()).toBe(client.vendorResult)
    })

    test('a success settles its permit', async () => {
      await client.call()
      expect(client.breaker.status().totals).toMatchObject({ active: 0, success: 1, failure: 0, ignored: 0 })
    })

    test.each<[string, Reply]>([
      ["the service's failure", failure],
      ['a connection that is reset', resetBeforeHeaders()],
      ['a body that is cut', cutBody()],
    ])('%s settles its permit as a failure', async (_what, reply) => {
      server.always(reply)
      await client.call().catch(() => {})
      expect(client.breaker.status().totals).toMatchObject({ active: 0, success: 0, failure: 1, ignored: 0 })
    })

    test('a call that takes too long settles its permit as a failure, and is aborted', async () => {
      server.always(neverAnswer())
      const call = client.call().catch((error: unknown) => error)
      await server.received(1)
      clock.advance(TIMEOUT_MS)
      expect(await call).toMatchObject({ code: 'ERR_CIRCUIT_TIMEOUT' })
      expect(client.breaker.status().totals).toMatchObject({ active: 0, success: 0, failure: 1, ignored: 0 })
      await server.drained()
    })

    test.each([undefined, new Error('the user left'), 'a string'])('an abort with %s is ignored', async (reason) => {
      server.always(neverAnswer())
      const controller = new AbortController()
      const call = client.call({ signal: controller.signal }).catch(() => {})
      await server.received(1)
      controller.abort(reason)
      await call
      expect(client.breaker.status().totals).toMatchObject({ active: 0, success: 0, failure: 0, ignored: 1 })
      await server.drained()
    })

    test('a signal that is aborted already sends no bytes and counts as nothing', async () => {
      await client.call({ signal: AbortSignal.abort() }).catch(() => {})
      expect(server.connections).toBe(0)
      expect(client.breaker.status().totals).toMatchObject({ active: 0, success: 0, failure: 0, ignored: 0 })
    })

    test('five failures open the breaker, and its error says what the last one was', async () => {
      server.always(resetBeforeHeaders())
      for (let i = 0; i < 5; i++) await client.call().catch(() => {})
      expect(client.breaker.state).toBe('open')
      await expect(client.call()).rejects.toSatisfy(isCircuitOpenError)
      expect(server.requests).toHaveLength(5)
      expect(client.breaker.status().recentFailures).toHaveLength(5)
    })

    test('five bodies that are cut open the breaker', async () => {
      server.always(cutBody())
      for (let i = 0; i < 5; i++) await client.call().catch(() => {})
      expect(client.breaker.state).toBe('open')
    })

    test('half_open admits exactly three of a hundred calls at once, and closes when they succeed', async () => {
      const held = new HeldReply(success)
      server.always(held.reply)
      open()
      clock.advance(OPEN_MS)
      const calls = Array.from({ length: 100 }, () => client.call().catch((error: unknown) => error))
      await server.received(3)
      held.release()
      const results = await Promise.all(calls)
      expect(results.filter((result) => isCircuitOpenError(result))).toHaveLength(97)
      expect(server.requests).toHaveLength(3)
      expect(client.breaker.state).toBe('closed')
    })

    test('a failed probe opens the breaker again', async () => {
      server.always(failure)
      open()
      clock.advance(OPEN_MS)
      await client.call().catch(() => {})
      expect(client.breaker.state).toBe('open')
    })

    test('no outcome leaves a socket open or a rejection unhandled', async () => {
      const unhandled: unknown[] = []
      const listener = (reason: unknown): void => void unhandled.push(reason)
      process.on('unhandledRejection', listener)
      onTestFinished(() => void process.off('unhandledRejection', listener))
      for (const reply of [success, failure, resetBeforeHeaders(), cutBody()]) {
        server.next(reply)
        await client.call().catch(() => {})
      }
      open()
      await client.call().catch(() => {})
      await server.drained()
      // Rejections that nobody has handled by the end of a turn of the event loop are reported.
      await new Promise((resolve) => setImmediate(resolve))
      expect(unhandled).toEqual([])
    })
  })
}
