import type { CircuitBreaker } from '@switchgear/core'

const originals = new WeakMap<object, { readonly object: object; readonly breaker: CircuitBreaker }>()

/** Keeps in mind what a guarded object stands for; gives the guarded one. */
export function remember<T extends object>(guarded: T, object: T, breaker: CircuitBreaker): T {
  originals.set(guarded, { object, breaker })
  return guarded
}

/** What an object stands for if it is guarded by this breaker, else the object itself. */
export function originalOf<T extends object>(object: T, breaker: CircuitBreaker): T {
  const known = originals.get(object)
  return known?.breaker === breaker ? (known.object as T) : object
}

/** Whether an object is guarded, by whatever breaker. */
export function isGuarded(object: object): boolean {
  return originals.has(object)
}
