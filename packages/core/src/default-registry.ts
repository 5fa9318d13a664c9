import type { ExecuteOptions } from './call.ts'
import type { CircuitBreaker } from './circuit-breaker.ts'
import { CircuitBreakerRegistry } from './circuit-breaker-registry.ts'
import type { Environment } from './env.ts'
import type { CircuitBreakerOptions } from './options.ts'
import type { CallContext } from './permit.ts'
import type { CircuitBreakerStatus } from './status.ts'

// A process may load two copies of this package; they share one registry.
const key: unique symbol = Symbol.for('switchgear.defaultRegistry') as never

/**
 * The registry of the process, made at first use. Its breakers read `EXTERNAL_CB_THRESHOLD`, `EXTERNAL_CB_TIMEOUT_SECONDS`
 * and `EXTERNAL_CB_HALF_OPEN_MAX_CALLS` (defaults: 5, 300, 3); a malformed one is an error when the first breaker is made.
 */
export function getDefaultRegistry(): CircuitBreakerRegistry {
  const scope = globalThis as { [key]?: CircuitBreakerRegistry; process?: { env?: Environment } }
  return (scope[key] ??= new CircuitBreakerRegistry({ env: scope.process?.env ?? {} }))
}

/** The breaker of this name in the default registry, made now if there is none. */
export function getCircuitBreaker(name: string, options?: CircuitBreakerOptions): CircuitBreaker {
  return getDefaultRegistry().get(name, options)
}

/** Calls `fn` through the breaker of this name in the default registry; see {@link CircuitBreaker.execute}. */
export async function callWithCircuitBreaker<T, F = never>(
  name: string,
  fn: (context: CallContext) => T | PromiseLike<T>,
  options?: ExecuteOptions<F>,
): Promise<Awaited<T> | Awaited<F>> {
  return getCircuitBreaker(name).execute(fn, options)
}

/** The status of every breaker in the default registry, by name. */
export function getAllCircuitBreakerStatus(): Record<string, CircuitBreakerStatus> {
  return getDefaultRegistry().status()
}

/** Resets a breaker in the default registry; says whether there is one of this name. */
export function resetCircuitBreaker(name: string): boolean {
  return getDefaultRegistry().reset(name)
}

/** Resets every breaker in the default registry. */
export function resetAllCircuitBreakers(): void {
  getDefaultRegistry().resetAll()
}
