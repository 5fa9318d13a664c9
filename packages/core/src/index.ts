export { anyOf } from './any-of.ts'
export type { ExecuteOptions } from './call.ts'
export type { CallObservation, CallObserver } from './call-observer.ts'
export { checkOptions, type Traffic } from './check-options.ts'
export { CircuitBreaker, type OverrideOptions } from './circuit-breaker.ts'
export {
  CircuitBreakerGroup,
  type FirstOptions,
  type GroupOptions,
  type SettleOptions,
} from './circuit-breaker-group.ts'
export { circuitBreakerProtected, type Guarded } from './circuit-breaker-protected.ts'
export { CircuitBreakerRegistry, type RegistryOptions } from './circuit-breaker-registry.ts'
export { CircuitGroupError, GroupMemberError } from './circuit-group-error.ts'
export { type Clock, type Timer, systemClock } from './clock.ts'
export { consecutiveFailures } from './consecutive-failures.ts'
export type { Finding, FindingCode } from './dangerous-options.ts'
export {
  callWithCircuitBreaker,
  getAllCircuitBreakerStatus,
  getCircuitBreaker,
  getDefaultRegistry,
  resetAllCircuitBreakers,
  resetCircuitBreaker,
} from './default-registry.ts'
export { type Environment, optionsFromEnv, readVariable, type VariableKinds } from './env.ts'
export {
  CircuitBreakerConfigError,
  type CircuitOpenDetails,
  CircuitOpenError,
  CircuitTimeoutError,
  findCircuitOpenError,
  isCircuitOpenError,
  type RejectionReason,
} from './errors.ts'
export type {
  CallEvent,
  CircuitBreakerEvents,
  EventName,
  Listener,
  ListenOptions,
  RejectedEvent,
  StaleEvent,
  TransitionEvent,
  Verdict,
  WarningCode,
  WarningEvent,
} from './events.ts'
export { type ExponentialBackoffOptions, exponentialBackoff } from './exponential-backoff.ts'
export { type FailureRateOptions, failureRate } from './failure-rate.ts'
export type { FamilyStatus } from './family-status.ts'
export type { GroupArgs, GroupFirst, GroupMembers, GroupOutcome } from './group-outcome.ts'
export {
  type Incident,
  type IncidentOptions,
  type IncidentPhase,
  type IncidentSource,
  watchIncidents,
} from './incident.ts'
export type { KeyedBreakers } from './keyed-breakers.ts'
export type { KeyedOptions } from './keyed-options.ts'
export { type Rule as OptionRule, validateOptions } from './option-rules.ts'
export type {
  CallOptions,
  CircuitBreakerOptions,
  HalfOpenOptions,
  OpenContext,
  OpenPolicy,
  Outcome,
  RampUpOptions,
} from './options.ts'
export type { CallContext, FailureDetails, Permit } from './permit.ts'
export type { ProcessorOptions, UnitRecoverWhen, UnitRecoveryContext } from './processor-options.ts'
export type { RateOptions } from './rate-tracker.ts'
export type { RateWindow } from './rate-window.ts'
export type { FailureRecord } from './recent-failures.ts'
export type { RecoverWhen, RecoveryContext } from './recovery-check.ts'
export { type SlowCallRateOptions, slowCallRate } from './slow-call-rate.ts'
export type { CircuitBreakerSnapshot, OpeningDetails } from './snapshot.ts'
export type { BreakerState, OverrideDetails, Trigger } from './state.ts'
export type { CircuitBreakerStatus, HalfOpenStatus } from './status.ts'
export type { TransitionCount } from './totals.ts'
export type { TripPolicy, TripReading, TripTracker } from './trip-policy.ts'
export { type AsyncMethodOf, withCircuitBreaker } from './with-circuit-breaker.ts'
