import { setTimeout as sleep } from 'node:timers/promises'
import { getCircuitBreaker } from '@switchgear/core'
import { type Sdk, scrape } from './sdk.ts'

/** How the program that starts an SDK hands it to the one that uses it. */
export const running = globalThis as { sdk?: Sdk }

/**
 * Opens a breaker, starts the SDK unless that is done, closes the breaker, opens it again once there are metrics of it, and
 * prints what telemetry knows.
 */
export async function runApp(startSdk: () => Sdk): Promise<void> {
  const breaker = getCircuitBreaker('payments')
  breaker.trip({ reason: 'test' })
  await sleep(20)
  const sdk = (running.sdk ??= startSdk())
  breaker.reset()
  let metrics: string[] = []
  while (!metrics.some((line) => line.startsWith('circuit_breaker_'))) {
    await sleep(5)
    metrics = await scrape(sdk)
  }
  breaker.trip({ reason: 'test' })
  const transitions = metrics.filter(
    (line) => line.startsWith('circuit_breaker_transitions_total') && !line.endsWith(' 0'),
  )
  const spans = sdk.spans.getFinishedSpans().map(({ attributes }) => attributes['circuit_breaker.transition.to'])
  console.log(JSON.stringify({ transitions: transitions.length, spans }))
}
