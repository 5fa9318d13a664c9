// PromQL of the dashboards. `scope` is what a dashboard looks at, such as `job=~"$job"`.
//
// `increase` and `rate` do not see the value that a series begins with, and the first failure of a type begins one: the very
// failures that open a breaker. Queries that have to see them add it.

/** What was counted within a long time. Of a series that is younger, all of it. */
function countedIn(window: string, series: string): string {
  return `(
  ${series} unless ${series} offset ${window}
  or
  increase(${series}[${window}])
)`
}

/** What was counted in each short interval. Of a breaker that was not seen before it, nothing: it may be hours old. */
function countedEach(interval: string, series: string, scope: string): string {
  return `(
  clamp_min(${series} - ${series} offset ${interval}, 0)
  or
  ${series}
    and on (job, instance, circuit_breaker_name)
    circuit_breaker_state{${scope}, circuit_breaker_state="closed"} offset ${interval}
)`
}

/** The exporter of JavaScript adds no unit to the name, a collector does. */
function stateTime(fn: 'rate' | 'increase', selector: string, window: string): string {
  return `(
  ${fn}(circuit_breaker_state_time_total{${selector}}[${window}])
  or
  ${fn}(circuit_breaker_state_time_seconds_total{${selector}}[${window}])
)`
}

const NOT_CLOSED = 'circuit_breaker_state=~"open|half_open|forced_open"'

/** The states, in the order of how bad they are, by the number that stands for one in a panel. */
export const STATE_CODES = { closed: 0, disabled: 1, half_open: 2, forced_open: 3, open: 4 } as const

/** The worst state of the breakers of a name, as its code. A deleted breaker has none. */
export function worstState(scope: string): string {
  const states = Object.entries(STATE_CODES).map(
    ([state, code]) => `0 * (circuit_breaker_state{${scope}, circuit_breaker_state="${state}"} > 0) + ${code}`,
  )
  return `max by (job, instance, circuit_breaker_name) (\n  ${states.join('\n  or\n  ')}\n)`
}

export function breakersByState(scope: string): string {
  return `sum by (circuit_breaker_state) (circuit_breaker_state{${scope}})`
}

/** The failures of breakers that are not closed: why they are open. */
export function failuresOfOpen(scope: string): string {
  const failures = `circuit_breaker_calls_total{${scope}, circuit_breaker_outcome="failure"}`
  return `sort_desc(
  sum by (job, circuit_breaker_name, error_type) ${countedIn('15m', failures)} > 0
  and on (job, circuit_breaker_name)
  sum by (job, circuit_breaker_name) (circuit_breaker_state{${scope}, ${NOT_CLOSED}}) > 0
)`
}

export function callsByOutcome(scope: string): string {
  return `sum by (circuit_breaker_outcome) (rate(circuit_breaker_calls_total{${scope}}[$__rate_interval]))`
}

export function rejectionsByReason(scope: string): string {
  return `sum by (circuit_breaker_rejection_reason) (
  rate(circuit_breaker_calls_total{${scope}, circuit_breaker_outcome="rejected"}[$__rate_interval])
)`
}

/** Which part of all calls was rejected. */
export function fastFailShare(scope: string, by: string): string {
  return `sum by (${by}) (rate(circuit_breaker_calls_total{${scope}, circuit_breaker_outcome="rejected"}[$__rate_interval]))
/
sum by (${by}) (rate(circuit_breaker_calls_total{${scope}}[$__rate_interval]))`
}

/** Which part of the calls that were made, and counted, has failed. */
export function failureShare(scope: string, by: string): string {
  const made = 'circuit_breaker_outcome=~"success|failure"'
  return `sum by (${by}) (rate(circuit_breaker_calls_total{${scope}, circuit_breaker_outcome="failure"}[$__rate_interval]))
/
sum by (${by}) (rate(circuit_breaker_calls_total{${scope}, ${made}}[$__rate_interval]))`
}

export function failuresByType(scope: string, by: string): string {
  const failures = `circuit_breaker_calls_total{${scope}, circuit_breaker_outcome="failure"}`
  return `sum by (${by}) ${countedEach('$__interval', failures, scope)}`
}

/** The highest of each interval, since most are gone before the next scrape. */
export function tripProximity(scope: string, by: string): string {
  return `max by (${by}) (max_over_time(circuit_breaker_trip_ratio{${scope}}[$__rate_interval]))`
}

/** Seconds within the range that is shown, in which breakers were open; short openings too. */
export function timeOpen(scope: string, by: string): string {
  return `sum by (${by}) ${stateTime('increase', `${scope}, circuit_breaker_state=~"open|forced_open"`, '$__range')}`
}

export function shareOfTimeByState(scope: string): string {
  return `sum by (circuit_breaker_state) ${stateTime('rate', scope, '$__rate_interval')}
/ on () group_left ()
sum ${stateTime('rate', scope, '$__rate_interval')}`
}

export function openings(scope: string, by: string): string {
  const series = `circuit_breaker_transitions_total{${scope}, circuit_breaker_transition_to="open"}`
  return `sum by (${by}) ${countedIn('$__range', series)}`
}

export function transitions(scope: string, interval: string): string {
  const series = `circuit_breaker_transitions_total{${scope}}`
  const by = 'job, instance, circuit_breaker_name, circuit_breaker_transition_from, circuit_breaker_transition_to'
  return `sum by (${by}) ${countedEach(interval, series, scope)} > 0`
}

export function callsInFlight(scope: string): string {
  return `sum by (instance) (circuit_breaker_call_active{${scope}})`
}

export function slowCalls(scope: string): string {
  return `sum by (instance) (rate(circuit_breaker_slow_calls_total{${scope}}[$__rate_interval]))`
}
