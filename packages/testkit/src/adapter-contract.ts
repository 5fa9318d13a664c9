import { CircuitBreakerRegistry } from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'
import { type CaseInPlay, contractCases, OPEN_MS, TIMEOUT_MS } from './contract-cases.ts'
import type { ContractDriver, ContractTarget } from './contract-driver.ts'
import { FlakyServer } from './flaky-server.ts'
import { answer, cutBody, neverAnswer, type Reply, resetBeforeHeaders } from './replies.ts'

export type { Ability, ContractDriver, ContractTarget, GuardedClient } from './contract-driver.ts'

/** One thing that every adapter has to do right, for any test runner. */
export interface ContractCase {
  readonly name: string
  /** Why this client cannot do it; then there is nothing to run. */
  readonly cannot: string | undefined
  /** Rejects with an `AssertionError` where it is not so. */
  readonly run: () => Promise<void>
}

/** The cases that every adapter has to pass, each against a real server of its own and with the vendor's real client. */
export function adapterContract(driver: ContractDriver): ContractCase[] {
  return contractCases.map(({ name, needs = [], play }) => ({
    name,
    cannot: needs.map((ability) => driver.cannot?.[ability]).find((reason) => reason !== undefined),
    run: () => stage(driver, play),
  }))
}

/** Makes calls that end in every way, on the system's clock. A process that does this and no more ends by itself. */
export async function callInEveryWay(driver: ContractDriver): Promise<void> {
  const { success, failure } = repliesOf(driver)
  await using server = await FlakyServer.start()
  const halfOpen = { ...HALF_OPEN, probeTimeoutMs: HOUR_MS }
  const options = { openMs: HOUR_MS, halfOpen, timeoutMs: HOUR_MS }
  const client = await driver.connect({ server, registry: new CircuitBreakerRegistry(), options })
  for (const reply of [success, failure, resetBeforeHeaders(), cutBody()]) {
    server.next(reply)
    await client.call().catch(() => {})
  }
  if (driver.cannot?.abort === undefined) {
    server.next(neverAnswer())
    const controller = new AbortController()
    const call = client.call({ signal: controller.signal }).catch(() => {})
    await server.received(5)
    controller.abort()
    await call
  }
  client.breaker.trip({ reason: 'test' })
  await client.call().catch(() => {})
  await client.close?.()
}

const HALF_OPEN = { successesToClose: 3, failuresToOpen: 1, maxConcurrent: 3 }
const HOUR_MS = 3_600_000

async function stage(driver: ContractDriver, play: CaseInPlay['play']): Promise<void> {
  const replies = repliesOf(driver)
  await using server = await FlakyServer.start()
  server.always(replies.success)
  const clock = new ManualClock()
  const options: ContractTarget['options'] = { clock, openMs: OPEN_MS, halfOpen: HALF_OPEN, timeoutMs: TIMEOUT_MS }
  const client = await driver.connect({ server, registry: new CircuitBreakerRegistry({ clock }), options })
  try {
    await play({ server, clock, client, ...replies })
  } finally {
    await client.close?.()
  }
}

function repliesOf({ success = answer(), failure = answer({ status: 503, body: '' }) }: ContractDriver): {
  success: Reply
  failure: Reply
} {
  return { success, failure }
}
