import type { KeyedOptions, OptionRule } from '@switchgear/core'

const isFunction = (value: unknown): boolean => typeof value === 'function'
// The registry checks what is its own.
const ofKeyed: OptionRule = [() => true, '']

export const duration: OptionRule = [(value) => typeof value === 'number' && value >= 0, 'a number of ms, 0 or more']
export const func: OptionRule = [isFunction, 'a function']
export const failureOrIgnored: OptionRule = [
  (value) => value === 'failure' || value === 'ignored',
  '"failure" or "ignored"',
]

/** The rules of what every adapter takes that has a family of breakers: where it lives, its name, and how it is made. */
export const familyRules: Readonly<
  Record<'registry' | 'name' | 'key' | Exclude<keyof KeyedOptions, 'classify' | 'timeoutMs'>, OptionRule>
> = {
  registry: [(value) => isFunction((value as { keyed?: unknown } | null)?.keyed), 'a CircuitBreakerRegistry'],
  name: [(value) => typeof value === 'string' && value !== '', 'a string that is not empty'],
  key: [isFunction, 'a function that gives a name or undefined'],
  trip: ofKeyed,
  openMs: ofKeyed,
  halfOpen: ofKeyed,
  rampUp: ofKeyed,
  recoverWhen: ofKeyed,
  mode: ofKeyed,
  critical: ofKeyed,
  clock: ofKeyed,
  redact: ofKeyed,
  maxKeys: ofKeyed,
  idleMs: ofKeyed,
  nameOf: ofKeyed,
}
