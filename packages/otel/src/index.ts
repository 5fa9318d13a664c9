export { instrumentCircuitBreakers } from './instrument-circuit-breakers.ts'
export type { InstrumentOptions } from './instrument-options.ts'
export { type SpanSampler, keepTransitions } from './keep-transitions.ts'
export type {
  BreakerCounts,
  ObservedBreaker,
  ObservedFamily,
  ObservedFamilyStatus,
  ObservedRegistry,
} from './observed-registry.ts'
export type { TransitionLogger, TransitionLoggerProvider } from './transition-logs.ts'
