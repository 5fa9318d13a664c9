import {
  anyOf,
  consecutiveFailures,
  failureRate,
  slowCallRate,
  type TripPolicy,
  type TripReading,
} from '@switchgear/core'

/** A call that ended while its state lasted. */
export interface Result {
  readonly failed: boolean
  readonly at: number
  readonly durationMs: number
}

/** A trip policy said twice: as it is built, and as its documentation reads, over a list of all results of the state. */
export interface TripRule {
  /** For the report of a counterexample. */
  readonly toString: () => string
  readonly policy: TripPolicy
  readonly slowMs?: number
  trigger(results: readonly Result[], now: number): string | undefined
  readings(results: readonly Result[], now: number): TripReading[]
}

export type Window = { readonly calls: number } | { readonly ms: number; readonly buckets: number }

export function consecutiveRule(threshold: number): TripRule {
  const row = (results: readonly Result[]): number => {
    const lastSuccess = results.findLastIndex(({ failed }) => !failed)
    return results.length - 1 - lastSuccess
  }
  return {
    toString: () => `consecutiveFailures(${threshold})`,
    policy: consecutiveFailures(threshold),
    trigger: (results) => (results.at(-1)?.failed && row(results) >= threshold ? 'consecutive_failures' : undefined),
    readings: (results) => [{ policy: 'consecutive_failures', threshold, value: row(results) }],
  }
}

export function failureRateRule(threshold: number, window: Window, minimumCalls: number): TripRule {
  return {
    toString: () => `failureRate(${JSON.stringify({ threshold, window, minimumCalls })})`,
    policy: failureRate({ threshold, window, minimumCalls }),
    ...rate('failure_rate', ({ failed }) => failed, threshold, window, minimumCalls),
  }
}

export function slowCallRateRule(slowMs: number, threshold: number, window: Window, minimumCalls: number): TripRule {
  return {
    toString: () => `slowCallRate(${JSON.stringify({ slowMs, threshold, window, minimumCalls })})`,
    policy: slowCallRate({ slowMs, threshold, window, minimumCalls }),
    slowMs,
    ...rate('slow_call_rate', ({ durationMs }) => durationMs >= slowMs, threshold, window, minimumCalls),
  }
}

export function anyRule(...rules: readonly TripRule[]): TripRule {
  const slow = rules.flatMap(({ slowMs }) => slowMs ?? [])
  return {
    toString: () => `anyOf(${rules.map((rule) => rule.toString()).join(', ')})`,
    policy: anyOf(...rules.map(({ policy }) => policy)),
    ...(slow.length > 0 && { slowMs: Math.min(...slow) }),
    trigger: (results, now) => rules.map((rule) => rule.trigger(results, now)).find((name) => name !== undefined),
    readings: (results, now) => rules.flatMap((rule) => rule.readings(results, now)),
  }
}

function rate(
  policy: string,
  isHit: (result: Result) => boolean,
  threshold: number,
  window: Window,
  minimumCalls: number,
): Pick<TripRule, 'trigger' | 'readings'> {
  const inWindow = (results: readonly Result[], now: number): readonly Result[] => {
    if ('calls' in window) return results.slice(-window.calls)
    const bucket = (at: number): number => Math.floor(at / (window.ms / window.buckets))
    return results.filter(({ at }) => bucket(at) > bucket(now) - window.buckets)
  }
  const readings = (results: readonly Result[], now: number): TripReading[] => {
    const counted = inWindow(results, now)
    const value = counted.length < minimumCalls ? undefined : { value: counted.filter(isHit).length / counted.length }
    return [{ policy, threshold, ...value, calls: counted.length, minimumCalls }]
  }
  return {
    readings,
    trigger: (results, now) => ((readings(results, now)[0]?.value ?? -1) >= threshold ? policy : undefined),
  }
}
