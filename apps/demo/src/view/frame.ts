import type { BreakerState } from '@switchgear/core'
import type { OutcomeCounts } from '../outcome.ts'
import type { Condition } from '../scenario.ts'

/** A breaker, as it was read last. */
export interface BreakerReading {
  readonly state: BreakerState
  /** After how long it lets a call through again; while it lets none. */
  readonly retryAfterMs?: number | undefined
}

/** What a second came to. */
export interface Second {
  /** When it ended, in ms since the start. */
  readonly elapsedMs: number
  readonly condition: Condition
  readonly breaker: BreakerState
  readonly counts: OutcomeCounts
  /** Answered checkouts per second. */
  readonly perSecond: number
}

/** All that the view shows. */
export interface Frame {
  readonly elapsedMs: number
  readonly round: number
  readonly condition: Condition
  /** Of storefront, for orders; and of orders, for payments. */
  readonly breakers: { readonly orders: BreakerReading; readonly payments: BreakerReading }
  readonly totals: OutcomeCounts
  /** Newest last. */
  readonly seconds: readonly Second[]
}
