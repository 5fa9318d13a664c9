import { likeOriginal } from './circuit-breaker.ts'
import { CircuitBreakerConfigError } from './errors.ts'
import type { AnyProcessorOptions, ProcessorOptions } from './processor-options.ts'
import { UnitGuard } from './unit-guard.ts'

type Method = (...args: unknown[]) => unknown
type AnyClass = abstract new (...args: never) => object
type InstanceOf<B extends AnyClass> = B extends abstract new (...args: never) => infer T ? T : never
type ParametersOf<F> = F extends (...args: infer A) => unknown ? A : never
type ResultOf<F> = F extends (...args: never) => infer R ? Awaited<R> : never

/** `T`, or a literal of it: `() => 'skipped'` is to give just that and not any string, and is read-only then. */
type LiteralOf<T> = T | Immutable<T>
type Immutable<T> = T extends (...args: never) => unknown
  ? T
  : T extends object
    ? { readonly [K in keyof T]: Immutable<T[K]> }
    : T

/** The names of a class's public methods that give a promise. */
export type AsyncMethodOf<B extends AnyClass> = string &
  {
    [K in keyof InstanceOf<B>]: InstanceOf<B>[K] extends (...args: never) => PromiseLike<unknown> ? K : never
  }[keyof InstanceOf<B>]

/** Methods that guard: one of them may override another. */
const guardedMethods = new WeakSet()

/**
 * A class to extend in place of `Base`, with the template method `run` (or another one) guarded per unit of work: a breaker
 * for each key, in the family `name` of the registry.
 *
 * ```ts
 * class PlayerSummary extends withCircuitBreaker(Processor, { name: 'player-summary', key: (unit) => unit.date }) {
 *   protected override async process(unit: Unit) {}
 * }
 * ```
 *
 * Creating an object throws a {@link CircuitBreakerConfigError} when its class overrides the guarded method, as units would
 * then not be guarded.
 *
 * @throws {CircuitBreakerConfigError} for options that are not allowed, and when `Base` has no such method
 */
export function withCircuitBreaker<
  B extends AnyClass,
  M extends AsyncMethodOf<B> = Extract<AsyncMethodOf<B>, 'run'>,
  const R extends LiteralOf<ResultOf<InstanceOf<B>[M]>> = ResultOf<InstanceOf<B>[M]>,
>(
  Base: B,
  options: ProcessorOptions<M, ParametersOf<InstanceOf<B>[M]>, R> &
    ([M] extends [never] ? { readonly method: AsyncMethodOf<B> } : unknown),
): B {
  const guard = new UnitGuard(options as unknown as AnyProcessorOptions)
  const method: string = options.method ?? 'run'
  const prototype = Base.prototype as object
  const original = valueIn(prototype, method)
  if (typeof original !== 'function') {
    throw new CircuitBreakerConfigError('method', method, `the name of a method of class ${Base.name}`)
  }

  class Guarded extends (Base as unknown as new (...args: unknown[]) => object) {
    constructor(...args: unknown[]) {
      super(...args)
      checkIsGuarded(this, Guarded.prototype, method)
      guard.prepare()
    }
  }
  const guarded = async function (this: object, ...args: unknown[]): Promise<unknown> {
    // Looked up at each call, as `super.run()` is.
    return guard.run(args, () => Reflect.apply(Reflect.get(prototype, method) as Method, this, args))
  }
  guardedMethods.add(likeOriginal(guarded, original as Method))
  Object.defineProperty(Guarded.prototype, method, { value: guarded, configurable: true, writable: true })
  Object.defineProperty(Guarded, 'name', { value: Base.name })
  return Guarded as unknown as B
}

/** What an object has or inherits under a name, if that is a plain value: a getter is not asked. */
function valueIn(object: object | null, name: string): unknown {
  for (; object !== null; object = Reflect.getPrototypeOf(object)) {
    const property = Reflect.getOwnPropertyDescriptor(object, name)
    if (property !== undefined) return property.value
  }
  return undefined
}

/** Whether no class between an object and the guard has a method of its own in place of the guarded one. */
function checkIsGuarded(object: object, guardedPrototype: object, method: string): void {
  let prototype: object | null = Reflect.getPrototypeOf(object)
  for (; prototype !== null && prototype !== guardedPrototype; prototype = Reflect.getPrototypeOf(prototype)) {
    const own: unknown = Reflect.getOwnPropertyDescriptor(prototype, method)?.value
    if (own === undefined || guardedMethods.has(own as object)) continue
    throw new CircuitBreakerConfigError(
      `method ${method} of class ${prototype.constructor.name}`,
      own,
      `the one it inherits from withCircuitBreaker(), as units are not guarded otherwise; override what ${method} calls`,
    )
  }
}
