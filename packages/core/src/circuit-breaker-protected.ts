import { type CircuitBreaker, likeOriginal } from './circuit-breaker.ts'
import { getDefaultRegistry } from './default-registry.ts'
import { CircuitBreakerConfigError } from './errors.ts'
import { type CircuitBreakerOptions, resolveOptions } from './options.ts'

/** What guarding makes of a function: same `this` and parameters, a promise of its result. */
export type Guarded<This, A extends unknown[], R> = (this: This, ...args: A) => Promise<Awaited<R>>

/**
 * Guards a method by the breaker of this name in the default registry, as a TC39 decorator, or a plain function:
 * `circuitBreakerProtected('payments')(charge)`. A method that is decorated must be async.
 *
 * @throws {CircuitBreakerConfigError} for options that are not allowed, and on anything but a method or a function
 */
export function circuitBreakerProtected(
  name: string,
  options?: CircuitBreakerOptions,
): <This, A extends unknown[], R>(
  fn: (this: This, ...args: A) => R,
  context?: ClassMethodDecoratorContext,
) => Guarded<This, A, R> {
  resolveOptions(options)
  return <This, A extends unknown[], R>(fn: (this: This, ...args: A) => R, context?: ClassMethodDecoratorContext) => {
    if (typeof fn !== 'function' || (context !== undefined && context.kind !== 'method')) {
      const target = context?.kind ?? fn
      throw new CircuitBreakerConfigError(
        'the target of circuitBreakerProtected()',
        target,
        'a method (with TC39 decorators, not experimentalDecorators) or a function',
      )
    }
    let breaker: CircuitBreaker | undefined
    return likeOriginal(async function (this: This, ...args: A): Promise<Awaited<R>> {
      // Looked up at each call: the breaker may have been deleted, or the registry replaced by a test.
      const registry = getDefaultRegistry()
      if (breaker === undefined || registry.peek(name) !== breaker) breaker = registry.get(name, options)
      return breaker.execute(() => fn.apply(this, args))
    }, fn)
  }
}
