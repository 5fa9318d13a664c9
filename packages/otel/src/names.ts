/** The instrumentation scope of all that this package emits. */
export const SCOPE_NAME = '@switchgear/otel'

/** What stands for all names and types past their bound. */
export const OTHER = '_OTHER'

/** The metrics: name, unit and description. */
export const METRICS = {
  state: {
    name: 'circuit_breaker.state',
    unit: '{circuit_breaker}',
    description: 'Circuit breakers by state: 1 for the state a breaker is in, 0 for all others.',
  },
  calls: {
    name: 'circuit_breaker.calls',
    unit: '{call}',
    description: 'Calls by outcome; rejected ones were not made.',
  },
  slowCalls: {
    name: 'circuit_breaker.slow_calls',
    unit: '{call}',
    description: 'Calls that took longer than the breaker calls slow.',
  },
  transitions: {
    name: 'circuit_breaker.transitions',
    unit: '{transition}',
    description: 'Changes of state.',
  },
  stateTime: {
    name: 'circuit_breaker.state.time',
    unit: 's',
    description: 'Time spent in each state.',
  },
  failureRatio: {
    name: 'circuit_breaker.failure.ratio',
    unit: '1',
    description: 'Share of failed calls in the window; 0 while it holds too few calls.',
  },
  tripRatio: {
    name: 'circuit_breaker.trip.ratio',
    unit: '1',
    description: 'How near the breaker is to opening; 1 opens it.',
  },
  activeCalls: {
    name: 'circuit_breaker.call.active',
    unit: '{call}',
    description: 'Calls in flight.',
  },
  callDuration: {
    name: 'circuit_breaker.call.duration',
    unit: 's',
    description: 'Duration of calls that were made, by outcome.',
  },
} as const

/** The attributes of metrics, spans, links and log events. */
export const ATTRIBUTES = {
  name: 'circuit_breaker.name',
  state: 'circuit_breaker.state',
  critical: 'circuit_breaker.critical',
  outcome: 'circuit_breaker.outcome',
  errorType: 'error.type',
  rejectionReason: 'circuit_breaker.rejection.reason',
  rejectionsSuppressed: 'circuit_breaker.rejections.suppressed',
  retryAfter: 'circuit_breaker.retry_after',
  transitionFrom: 'circuit_breaker.transition.from',
  transitionTo: 'circuit_breaker.transition.to',
  transitionTrigger: 'circuit_breaker.transition.trigger',
  transitionDwellTime: 'circuit_breaker.transition.dwell_time',
  tripPolicy: 'circuit_breaker.trip.policy',
  tripThreshold: 'circuit_breaker.trip.threshold',
  tripValue: 'circuit_breaker.trip.value',
  windowCalls: 'circuit_breaker.window.calls',
  link: 'circuit_breaker.link',
} as const

/** The spans; the breaker's name follows. */
export const SPANS = {
  transition: 'circuit_breaker.transition',
  reject: 'circuit_breaker.reject',
  probe: 'circuit_breaker.probe',
  call: 'circuit_breaker.call',
} as const

/** The log event of a change of state. */
export const TRANSITION_LOG_EVENT = 'circuit_breaker.transition'

/**
 * The channels of `node:diagnostics_channel`, by the event of core that is published there. None for `success`: to ask at
 * each call whether somebody subscribes would cost half of what a call costs.
 */
export const CHANNELS = {
  transition: 'switchgear:transition',
  failure: 'switchgear:failure',
  ignored: 'switchgear:ignored',
  rejected: 'switchgear:rejected',
  stale: 'switchgear:stale',
  warning: 'switchgear:warning',
} as const
