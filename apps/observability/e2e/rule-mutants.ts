/** A mistake in a rule: where it says `from`, it says `to`. */
export interface RuleMutant {
  readonly from: string
  readonly to: string
}

/** By rule; each of them has to make its tests fail. */
export const ruleMutants: Readonly<Record<string, readonly RuleMutant[]>> = {
  'instance:circuit_breaker_tripped:sum': [
    { from: 'open|half_open', to: 'open' },
    { from: 'open|half_open', to: 'open|half_open|forced_open' },
    { from: 'cluster, ', to: '' },
    { from: 'namespace, ', to: '' },
    { from: 'instance, ', to: '' },
  ],
  'job:circuit_breaker_tripped:ratio': [
    { from: '(instance:circuit_breaker_tripped:sum)', to: '(instance:circuit_breaker_tripped:sum > bool 0)' },
    { from: '(circuit_breaker_state) > 0', to: '(circuit_breaker_state)' },
    { from: '(circuit_breaker_state) > 0', to: '(circuit_breaker_state == 1) > 0' },
  ],
  'instance:circuit_breaker_opened:increase10m': [
    { from: 'increase(', to: 'delta(' },
    { from: '[10m]', to: '[1m]' },
    { from: '[10m]', to: '[1h]' },
    { from: 'to="open"', to: 'to="half_open"' },
    { from: 'increase(', to: 'max_over_time(' },
  ],
  'instance:circuit_breaker_rejected:increase5m': [
    { from: ', circuit_breaker_rejection_reason!="forced_open"', to: '' },
    { from: 'outcome="rejected", ', to: '' },
    { from: 'increase(', to: 'max_over_time(' },
    { from: 'instance, ', to: '' },
  ],
  'job:circuit_breaker_rejected:increase5m': [
    { from: 'namespace, ', to: '' },
    { from: 'sum by', to: 'min by' },
  ],
  'job:circuit_breaker_rejected:ratio5m': [
    {
      from: 'circuit_breaker_calls_total[5m]',
      to: 'circuit_breaker_calls_total{circuit_breaker_outcome!="rejected"}[5m]',
    },
  ],
  'CircuitBreakerOpenFleetWide page': [
    { from: '> 0.5', to: '>= 0.5' },
    { from: '> 0.5', to: '> 0.9' },
    { from: ' and job:circuit_breaker_rejected:increase5m > 0', to: '' },
    { from: 'for: 1m', to: 'for: 0m' },
    { from: 'for: 1m', to: 'for: 2m' },
    { from: 'keep_firing_for: 15s', to: 'keep_firing_for: 0s' },
    { from: 'keep_firing_for: 15s', to: 'keep_firing_for: 10m' },
    { from: 'severity: page', to: 'severity: ticket' },
    { from: 'circuit_breaker.transition', to: 'circuit_breaker.reject' },
  ],
  'CircuitBreakerOpen ticket': [
    { from: ' and instance:circuit_breaker_rejected:increase5m > 0', to: '' },
    { from: 'instance:circuit_breaker_tripped:sum > 0 and', to: '' },
    { from: 'instance:circuit_breaker_tripped:sum > 0', to: 'instance:circuit_breaker_tripped:sum > 1' },
    { from: 'instance:circuit_breaker_opened:increase10m > 0', to: 'instance:circuit_breaker_opened:increase10m > 2' },
    { from: 'alertstate="firing"', to: 'alertstate="pending"' },
    { from: 'firing"}[10m]', to: 'firing"}[15s]' },
    { from: 'unless on (cluster, namespace, job, circuit_breaker_name)', to: 'unless on (cluster, namespace, job)' },
    { from: 'for: 2m', to: 'for: 1m' },
    { from: 'for: 2m', to: 'for: 5m' },
  ],
  'CircuitBreakerForcedTooLong ticket': [
    { from: 'forced_open|disabled', to: 'forced_open' },
    { from: 'forced_open|disabled', to: 'disabled' },
    { from: 'forced_open|disabled', to: 'open|forced_open|disabled' },
    { from: ') > 0', to: ') >= 0' },
    { from: 'for: 1h', to: 'for: 50m' },
    { from: 'for: 1h', to: 'for: 2h' },
  ],
  'CircuitBreakerFlapping ticket': [
    { from: '>= 4', to: '>= 3' },
    { from: '>= 4', to: '>= 5' },
    { from: '[30m]', to: '[15m]' },
    { from: '[30m]', to: '[1h]' },
    { from: 'circuit_breaker_transition_from="closed", ', to: '' },
    { from: '(circuit_breaker_state) > 0', to: '(circuit_breaker_state)' },
    { from: '(circuit_breaker_state) > 0', to: '(circuit_breaker_state > bool 0) > 0' },
  ],
  'CircuitBreakerStuckHalfOpen ticket': [
    { from: 'state="half_open"', to: 'state="open"' },
    { from: 'state!="half_open"', to: 'state="open"' },
    { from: 'from="half_open"', to: 'from="closed"' },
    { from: '>= 10', to: '>= 0' },
    { from: '>= 10', to: '>= 100' },
    { from: 'for: 10m', to: 'for: 2m' },
    { from: 'for: 10m', to: 'for: 20m' },
    {
      from: '(circuit_breaker_calls_total[10m])',
      to: '(circuit_breaker_calls_total{circuit_breaker_outcome="rejected"}[10m])',
    },
  ],
  'CircuitBreakerFastFailing ticket': [
    { from: '> 0.05', to: '> 0.2' },
    { from: '> 0.05', to: '> 0.01' },
    { from: 'and job:circuit_breaker_rejected:increase5m >= 10', to: '' },
    { from: 'and job:circuit_breaker_tripped:ratio > 0', to: '' },
    { from: 'unless on', to: 'and on' },
    { from: 'critical="true"} > 0', to: 'critical="true"}' },
    { from: 'for: 5m', to: 'for: 1m' },
    { from: 'for: 5m', to: 'for: 15m' },
  ],
  'CircuitBreakerFastFailing page': [
    { from: '> 0.05', to: '> 0.2' },
    { from: '> 0.05', to: '> 0.01' },
    { from: 'and job:circuit_breaker_rejected:increase5m >= 10', to: '' },
    { from: 'and job:circuit_breaker_tripped:ratio > 0', to: '' },
    { from: 'and on', to: 'unless on' },
    { from: 'critical="true"} > 0', to: 'critical="true"}' },
    { from: 'for: 2m', to: 'for: 1m' },
    { from: 'for: 2m', to: 'for: 5m' },
  ],
  'CircuitBreakerNearTrip info': [
    { from: '>= 0.7', to: '>= 0.9' },
    { from: 'avg_over_time', to: 'max_over_time' },
    { from: '>= 0.7', to: '>= 0.1' },
    { from: 'outcome="failure"', to: 'outcome!="failure"' },
    { from: '(circuit_breaker_trip_ratio[5m])', to: '(circuit_breaker_trip_ratio[10s])' },
    { from: 'for: 2m', to: 'for: 0m' },
    { from: 'for: 2m', to: 'for: 10m' },
  ],
  'CircuitBreakerTelemetryMissing ticket': [
    { from: 'up == 1', to: 'up' },
    { from: 'unless group by (cluster, namespace, job, instance) (circuit_breaker_state)', to: '' },
    { from: '[1d]', to: '[1h]' },
    { from: 'and on (cluster, namespace, job)', to: 'or on (cluster, namespace, job)' },
    { from: 'for: 15m', to: 'for: 10m' },
    { from: 'for: 15m', to: 'for: 30m' },
  ],
}
