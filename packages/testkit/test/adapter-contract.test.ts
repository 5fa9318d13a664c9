import type { CircuitBreaker, Permit } from '@switchgear/core'
import {
  adapterContract,
  callInEveryWay,
  type ContractDriver,
  type GuardedClient,
} from '@switchgear/testkit/adapter-contract'
import { describe, expect, test } from 'vitest'

/** A way to guard a call of fetch: right, or wrong in one thing. */
type Guarding = (breaker: CircuitBreaker, send: Send, signal: AbortSignal | undefined) => Promise<Response>
type Send = (signal: AbortSignal | undefined) => Promise<Response>

const rightly: Guarding = (breaker, send, signal) =>
  breaker.execute((context) => send(context.signal), signal && { signal })

function driverOf(guarding: Guarding, more: Partial<ContractDriver> = {}): ContractDriver {
  return {
    name: 'a test',
    connect({ server, registry, options }): GuardedClient {
      const breaker = registry.get('service', options)
      let vendorResult: Response | undefined
      const send: Send = async (signal) => {
        const response = await fetch(server.url, { signal: signal ?? null })
        await response.clone().text()
        if (response.status >= 500) throw new Error(String(response.status))
        return (vendorResult = response)
      }
      return {
        breaker,
        call: ({ signal } = {}) => guarding(breaker, send, signal),
        get vendorResult() {
          return vendorResult
        },
      }
    },
    ...more,
  }
}

/** The cases that an adapter fails. */
async function failedCases(driver: ContractDriver, among = /(?:)/): Promise<string[]> {
  const failed: string[] = []
  for (const { name, run } of adapterContract(driver).filter((each) => among.test(each.name))) {
    await run().catch(() => failed.push(name))
  }
  return failed
}

test('an adapter that does all of it right fails no case', async () => {
  expect(await failedCases(driverOf(rightly))).toEqual([])
})

describe('an adapter fails the contract that', () => {
  test.each<[string, string, Guarding]>([
    ['does not ask the breaker', 'an open breaker sends no bytes', (_breaker, send, signal) => send(signal)],
    [
      'hides the rejection',
      'a rejection is recognisable through whatever the client wraps around it',
      (...call) => rightly(...call).catch(() => Promise.reject<Response>(new Error('something'))),
    ],
    [
      'gives a copy',
      'the result is the very object that the client gave',
      async (...call) => (await rightly(...call)).clone(),
    ],
    ['never settles', 'a success settles its permit', byHand(() => {})],
    [
      'takes a failure for a success',
      "the service's failure settles its permit as a failure",
      byHand((permit) => permit.success()),
    ],
    [
      'ignores broken connections',
      'a connection that is reset settles its permit as a failure',
      byHand((permit, error) =>
        error instanceof TypeError ? permit.ignore() : error ? permit.failure(error) : permit.success(),
      ),
    ],
    [
      'ignores the body',
      'a body that is cut settles its permit as a failure',
      byHand((permit, error) => (String(error).includes('terminated') ? permit.success() : permit.failure(error))),
    ],
    [
      'counts the abort of the caller',
      'an abort with a string is ignored',
      byHand((permit, error) => (error ? permit.failure(error) : permit.success())),
    ],
    [
      'asks the breaker when the caller has gone already',
      'a signal that is aborted already sends no bytes and counts as nothing',
      byHand((permit) => permit.ignore()),
    ],
  ])('%s', async (_what, theCase, guarding) => {
    expect(await failedCases(driverOf(guarding), new RegExp(`^${theCase}$`))).toEqual([theCase])
  })
})

test('a case that the client cannot keep gives the reason', () => {
  const cases = adapterContract(driverOf(rightly, { cannot: { abort: 'it takes no signal' } }))
  const without = cases.filter(({ cannot }) => cannot !== undefined)
  expect(without.map(({ cannot }) => cannot)).toEqual(without.map(() => 'it takes no signal'))
  expect(without.map(({ name }) => name)).toContain('an abort with undefined is ignored')
  expect(without).toHaveLength(5)
})

test('the calls that a process makes before it has to end include one of each kind', async () => {
  const breakers = new Set<CircuitBreaker>()
  const driver = driverOf((...call) => {
    breakers.add(call[0])
    return rightly(...call)
  })
  await callInEveryWay(driver)
  const { totals, rejections } = [...breakers][0]?.status() ?? {}
  expect(totals).toMatchObject({ active: 0, success: 1, failure: 3, ignored: 1 })
  expect(rejections).toMatchObject({ open: 1 })
})

/** Guards by a permit, which is settled as the adapter in question thinks right. */
function byHand(settle: (permit: Permit, error?: unknown) => void): Guarding {
  return async (breaker, send, signal) => {
    const permit = breaker.acquire()
    return send(signal).then(
      (response) => {
        settle(permit)
        return response
      },
      (error: unknown) => {
        settle(permit, error)
        throw error
      },
    )
  }
}
