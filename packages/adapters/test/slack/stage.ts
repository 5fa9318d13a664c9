import { LogLevel, WebClient, type WebClientOptions } from '@slack/web-api'
import { type CircuitBreaker, CircuitBreakerRegistry, type Verdict } from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'
import { FakeSlack } from '@switchgear/testkit/fake-slack'
import { onTestFinished } from 'vitest'

/** Slack on loopback, and what a guard of it is made with. */
export interface Stage {
  readonly slack: FakeSlack
  readonly clock: ManualClock
  readonly registry: CircuitBreakerRegistry
}

export async function setStage(): Promise<Stage> {
  const slack = await FakeSlack.start()
  onTestFinished(() => slack[Symbol.asyncDispose]())
  const clock = new ManualClock({ wallNow: Date.UTC(2026, 0, 1, 10) })
  return { slack, clock, registry: new CircuitBreakerRegistry({ clock }) }
}

/** A client that tries once and says nothing. */
export function webClient(slack: FakeSlack, options: WebClientOptions = {}): WebClient {
  return new WebClient(slack.token, {
    slackApiUrl: slack.apiUrl,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    logLevel: LogLevel.ERROR,
    ...options,
  })
}

/** The verdicts that a breaker has counted. */
export function verdicts(breaker: CircuitBreaker): Partial<Record<Verdict, number>> {
  const { success, failure, ignored } = breaker.status().totals
  return Object.fromEntries(Object.entries({ success, failure, ignored }).filter(([, count]) => count > 0))
}

/** Resolves when what happens on sockets has come round to what waits for it. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve))
}
