import type { BreakerConfig } from './options.ts'
import type { TripPolicy } from './trip-policy.ts'

/** Something about options that is allowed and will probably not do what its author wants. */
export interface Finding {
  readonly code: FindingCode
  /** `danger`: the breaker does not work as asked; also reported when it is made. `hint`: it may surprise. */
  readonly severity: 'danger' | 'hint'
  /** The option to change. */
  readonly option: string
  /** What will happen, in plain words with the numbers. */
  readonly message: string
}

export type FindingCode =
  | 'lease_shorter_than_timeout'
  | 'window_shorter_than_timeout'
  | 'slow_beyond_timeout'
  | 'minimum_never_reached'
  | 'open_shorter_than_scrape'
  | 'recovery_check_too_late'
  | 'ramp_step_without_results'
  | 'no_timeout'
  | 'sudden_recovery'

/** The findings that need no knowledge of the traffic. */
export function dangersOf(config: Pick<BreakerConfig, 'trip' | 'halfOpen' | 'timeoutMs'>): Finding[] {
  const { timeoutMs = Number.POSITIVE_INFINITY, halfOpen, trip } = config
  if (timeoutMs === Number.POSITIVE_INFINITY) return []
  const findings: Finding[] = []
  const add = (code: FindingCode, option: string, message: string): void => {
    findings.push({ code, severity: 'danger', option, message })
  }
  if (halfOpen.probeTimeoutMs < timeoutMs) {
    add(
      'lease_shorter_than_timeout',
      'halfOpen.probeTimeoutMs',
      `a probe counts as failed after ${halfOpen.probeTimeoutMs} ms, before its call's ${timeoutMs} ms are over: slow successes keep the breaker open`,
    )
  }
  for (const { window, slowMs = 0 } of policiesOf(trip)) {
    if (window?.ms !== undefined && window.ms < timeoutMs) {
      add(
        'window_shorter_than_timeout',
        'trip.window',
        `the window of ${window.ms} ms is shorter than the ${timeoutMs} ms after which a call fails: one slow call fills no window`,
      )
    }
    if (slowMs > timeoutMs) {
      add(
        'slow_beyond_timeout',
        'trip.slowMs',
        `no call lasts ${slowMs} ms, since all end after ${timeoutMs} ms: none is slow`,
      )
    }
  }
  return findings
}

/** A policy's parts, or itself. */
export function policiesOf(trip: TripPolicy): readonly TripPolicy[] {
  return trip.policies?.flatMap(policiesOf) ?? [trip]
}
