import assert from 'node:assert/strict'
import { isCircuitOpenError, type Verdict } from '@switchgear/core'
import type { ManualClock } from '@switchgear/core/testing'
import type { Ability, GuardedClient } from './contract-driver.ts'
import type { FlakyServer } from './flaky-server.ts'
import { cutBody, HeldReply, neverAnswer, type Reply, resetBeforeHeaders } from './replies.ts'

/** What a case plays with: all of it new. */
interface Scene {
  readonly server: FlakyServer
  readonly clock: ManualClock
  readonly client: GuardedClient
  readonly success: Reply
  readonly failure: Reply
}

/** A case of the contract, and what a client has to be able to do for it. */
export interface CaseInPlay {
  readonly name: string
  readonly needs?: readonly Ability[]
  readonly play: (scene: Scene) => Promise<void>
}

/** How long a breaker of a scene is open. */
export const OPEN_MS = 60_000
/** How long a call in a scene may take. */
export const TIMEOUT_MS = 1_000

export const contractCases: readonly CaseInPlay[] = [
  {
    name: 'an open breaker sends no bytes',
    play: async ({ server, client }) => {
      open(client)
      await assert.rejects(client.call())
      assert.equal(server.connections, 0)
    },
  },
  {
    name: 'a rejection is recognisable through whatever the client wraps around it',
    play: async ({ client }) => {
      open(client)
      assert.ok(isCircuitOpenError(await outcome(client.call())))
    },
  },
  {
    name: 'the result is the very object that the client gave',
    needs: ['result'],
    play: async ({ client }) => {
      const result = await client.call()
      assert.notEqual(result, undefined)
      assert.equal(result, client.vendorResult)
    },
  },
  {
    name: 'a success settles its permit',
    play: async ({ client }) => {
      await client.call()
      counts(client, { success: 1 })
    },
  },
  {
    name: "the service's failure settles its permit as a failure",
    play: (scene) => countsAsFailure(scene, scene.failure),
  },
  {
    name: 'a connection that is reset settles its permit as a failure',
    needs: ['reset'],
    play: (scene) => countsAsFailure(scene, resetBeforeHeaders()),
  },
  {
    name: 'a body that is cut settles its permit as a failure',
    needs: ['cutBody'],
    play: (scene) => countsAsFailure(scene, cutBody()),
  },
  {
    name: 'a call that takes too long settles its permit as a failure',
    needs: ['timeout'],
    play: async (scene) => {
      assert.ok(isTimeoutError(await callForTooLong(scene)))
      counts(scene.client, { failure: 1 })
    },
  },
  {
    name: 'a call that takes too long is over on the wire too',
    needs: ['timeout', 'cancel'],
    play: async (scene) => {
      await callForTooLong(scene)
      await scene.server.drained()
    },
  },
  ...[undefined, new Error('the user left'), 'a string'].map((reason): CaseInPlay => ({
    name: `an abort with ${String(reason)} is ignored`,
    needs: ['abort'],
    play: async (scene) => {
      await abortCall(scene, reason)
      counts(scene.client, { ignored: 1 })
    },
  })),
  {
    name: 'a call that the caller aborts is over on the wire too',
    needs: ['abort', 'cancel'],
    play: async (scene) => {
      await abortCall(scene)
      await scene.server.drained()
    },
  },
  {
    name: 'a signal that is aborted already sends no bytes and counts as nothing',
    needs: ['abort'],
    play: async ({ server, client }) => {
      await outcome(client.call({ signal: AbortSignal.abort() }))
      assert.equal(server.connections, 0)
      counts(client, {})
    },
  },
  {
    name: 'five failures open the breaker, and its status says what they were',
    play: async ({ server, client, failure }) => {
      server.always(failure)
      for (let i = 0; i < 5; i++) await outcome(client.call())
      assert.equal(client.breaker.state, 'open')
      assert.ok(isCircuitOpenError(await outcome(client.call())))
      assert.equal(server.requests.length, 5)
      assert.equal(client.breaker.status().recentFailures.length, 5)
    },
  },
  {
    name: 'five bodies that are cut open the breaker',
    needs: ['cutBody'],
    play: async ({ server, client }) => {
      server.always(cutBody())
      for (let i = 0; i < 5; i++) await outcome(client.call())
      assert.equal(client.breaker.state, 'open')
    },
  },
  {
    name: 'half_open admits exactly three of a hundred calls at once, and closes when they succeed',
    play: async ({ server, clock, client, success }) => {
      const held = new HeldReply(success)
      server.always(held.reply)
      open(client)
      clock.advance(OPEN_MS)
      const calls = Array.from({ length: 100 }, () => outcome(client.call()))
      await server.received(3)
      held.release()
      const results = await Promise.all(calls)
      assert.equal(results.filter((result) => isCircuitOpenError(result)).length, 97)
      assert.equal(server.requests.length, 3)
      assert.equal(client.breaker.state, 'closed')
    },
  },
  {
    name: 'a failed probe opens the breaker again',
    play: async ({ server, clock, client, failure }) => {
      server.always(failure)
      open(client)
      clock.advance(OPEN_MS)
      await outcome(client.call())
      assert.equal(client.breaker.state, 'open')
    },
  },
  {
    name: 'no outcome leaves a socket open or a rejection unhandled',
    play: async ({ server, client, success, failure }) => {
      const unhandled: unknown[] = []
      const listener = (reason: unknown): void => void unhandled.push(reason)
      process.on('unhandledRejection', listener)
      try {
        for (const reply of [success, failure, resetBeforeHeaders(), cutBody()]) {
          server.next(reply)
          await outcome(client.call())
        }
        open(client)
        await outcome(client.call())
        await server.drained()
        // Rejections that nobody has handled by the end of a turn of the event loop are reported.
        await nextTurn()
      } finally {
        process.off('unhandledRejection', listener)
      }
      assert.deepEqual(unhandled, [])
    },
  },
]

function open({ breaker }: GuardedClient): void {
  breaker.trip({ reason: 'test' })
}

/** What a call gave, or was rejected with. */
function outcome(call: Promise<unknown>): Promise<unknown> {
  return call.catch((error: unknown) => error)
}

function counts({ breaker }: GuardedClient, expected: Partial<Record<Verdict, number>>): void {
  const { active, success, failure, ignored } = breaker.status().totals
  assert.deepEqual(
    { active, success, failure, ignored },
    { active: 0, success: 0, failure: 0, ignored: 0, ...expected },
  )
}

async function countsAsFailure({ server, client }: Scene, reply: Reply): Promise<void> {
  server.always(reply)
  await outcome(client.call())
  counts(client, { failure: 1 })
}

async function callForTooLong({ server, clock, client }: Scene): Promise<unknown> {
  server.always(neverAnswer())
  const call = outcome(client.call())
  await server.received(1)
  clock.advance(TIMEOUT_MS)
  return call
}

async function abortCall({ server, client }: Scene, reason?: unknown): Promise<void> {
  server.always(neverAnswer())
  const controller = new AbortController()
  const call = outcome(client.call({ signal: controller.signal }))
  await server.received(1)
  controller.abort(reason)
  await call
}

/** Resolves when the event loop has come round. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** Whether an error is that of a breaker's time limit, or a client's with that as its cause. */
function isTimeoutError(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false
  const { code, cause } = error as { code?: unknown; cause?: unknown }
  return code === 'ERR_CIRCUIT_TIMEOUT' || isTimeoutError(cause)
}
