// What a page does with the packages: it has the DOM, and no types or modules of Node.
import { breakerFetch } from '@switchgear/adapters/fetch'
import { CircuitBreaker } from '@switchgear/core'
import { instrumentCircuitBreakers } from '@switchgear/otel'

export const breaker: CircuitBreaker = new CircuitBreaker('payments')
export const fetchSafely: typeof fetch = breakerFetch()
export const telemetry: Disposable = instrumentCircuitBreakers()
