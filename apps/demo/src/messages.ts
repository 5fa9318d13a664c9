import type { BreakerState, CircuitBreakerStatus, Trigger } from '@switchgear/core'
import type { Condition } from './scenario.ts'
import type { SpanRecord } from './telemetry/span-record.ts'

/** A breaker's change of state, as its process tells it. */
export interface Transition {
  readonly breaker: string
  readonly from: BreakerState
  readonly to: BreakerState
  readonly trigger: Trigger
  /** When, in ms since 1970. */
  readonly at: number
}

/** What the processes of the services tell the demo's own. */
export type ServiceMessage =
  | { readonly type: 'ready'; readonly port: number; readonly metricsPort: number }
  | { readonly type: 'failed'; readonly message: string }
  | { readonly type: 'transition'; readonly transition: Transition }
  | { readonly type: 'breakers'; readonly breakers: Readonly<Record<string, CircuitBreakerStatus>> }
  | { readonly type: 'spans'; readonly spans: readonly SpanRecord[] }
  | { readonly type: 'charges_received'; readonly count: number }
  | { readonly type: 'warning'; readonly message: string }

/** What it tells them. */
export type ControlMessage = { readonly type: 'condition'; readonly condition: Condition } | { readonly type: 'stop' }
