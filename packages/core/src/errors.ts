import type { BreakerState } from './state.ts'

/** Why a call was rejected. */
export type RejectionReason = 'open' | 'half_open_full' | 'ramping' | 'forced_open'

// One brand in the whole process, so that errors of another copy of this package are recognised too.
const brand = Symbol.for('switchgear.CircuitOpenError')

/** What a {@link CircuitOpenError} knows. Times that are not known are absent. */
export interface CircuitOpenDetails {
  readonly breakerName: string
  readonly state: BreakerState
  readonly reason: RejectionReason
  readonly openedAt?: number | undefined
  readonly retryAfterMs?: number | undefined
  readonly cause?: unknown
}

// The fields of errors are declared and not defined: a definition would set each of them twice.

/**
 * A call was rejected without being made. Carries no stack trace, which keeps a rejection cheap; the `cause` is the
 * failure that opened the breaker.
 */
export class CircuitOpenError extends Error {
  readonly code = 'ERR_CIRCUIT_OPEN'
  declare readonly breakerName: string
  /** The state that rejected. */
  declare readonly state: BreakerState
  declare readonly reason: RejectionReason
  /** When the breaker opened, in ms since 1970. */
  declare readonly openedAt: number | undefined
  /** Milliseconds after which a call may be admitted again; absent where nobody knows (a forced open without an end). */
  declare readonly retryAfterMs: number | undefined

  constructor(details: CircuitOpenDetails) {
    super(
      `circuit breaker "${details.breakerName}" rejected the call: ${details.reason}`,
      details.cause === undefined ? undefined : { cause: details.cause },
    )
    this.breakerName = details.breakerName
    this.state = details.state
    this.reason = details.reason
    this.openedAt = details.openedAt
    this.retryAfterMs = details.retryAfterMs
  }
}
nameError(CircuitOpenError.prototype, 'CircuitOpenError')
Object.defineProperty(CircuitOpenError.prototype, brand, { value: true })

/** A call took longer than `timeoutMs`, or a probe longer than `halfOpen.probeTimeoutMs`. */
export class CircuitTimeoutError extends Error {
  readonly code = 'ERR_CIRCUIT_TIMEOUT'
  declare readonly breakerName: string
  /** The limit that was exceeded, in ms. */
  declare readonly timeoutMs: number

  constructor(breakerName: string, timeoutMs: number, what: 'call' | 'probe' = 'call') {
    super(`${what} through circuit breaker "${breakerName}" gave no result within ${timeoutMs} ms`)
    this.breakerName = breakerName
    this.timeoutMs = timeoutMs
  }
}
nameError(CircuitTimeoutError.prototype, 'CircuitTimeoutError')

/** An option or environment variable has a value that is not allowed. */
export class CircuitBreakerConfigError extends Error {
  readonly code = 'ERR_CIRCUIT_CONFIG'
  /** The option's path, such as `halfOpen.maxConcurrent`, or the variable's name. */
  declare readonly option: string
  /** The value that was refused. */
  declare readonly value: unknown
  /** What is allowed, in words. */
  declare readonly allowed: string

  constructor(option: string, value: unknown, allowed: string) {
    super(`${option} is ${quote(value)}; allowed: ${allowed}`)
    this.option = option
    this.value = value
    this.allowed = allowed
  }
}
nameError(CircuitBreakerConfigError.prototype, 'CircuitBreakerConfigError')

/**
 * Whether an error is a {@link CircuitOpenError}, or has one among its causes (as `cause`, as the `original` of the Slack
 * client, or among the `errors` of an `AggregateError`). Works across copies of this package.
 */
export function isCircuitOpenError(error: unknown): boolean {
  return findCircuitOpenError(error) !== undefined
}

/** The {@link CircuitOpenError} that an error is or was caused by, if there is one. */
export function findCircuitOpenError(error: unknown): CircuitOpenError | undefined {
  const seen = new Set<unknown>()
  const waiting = [error]
  // Chains of causes are short; the bound is for hostile ones, whose getters make new causes for ever.
  while (waiting.length > 0 && seen.size < 64) {
    const candidate = waiting.shift()
    if (typeof candidate !== 'object' || candidate === null || seen.has(candidate)) continue
    seen.add(candidate)
    try {
      const { [brand]: isOpen, cause, original, errors } = candidate as Record<PropertyKey, unknown>
      if (isOpen === true) return candidate as CircuitOpenError
      waiting.push(cause, original)
      if (Array.isArray(errors)) waiting.push(...errors.slice(0, 64))
    } catch {
      // A hostile Proxy is not ours.
    }
  }
  return undefined
}

// V8's and JavaScriptCore's; other engines have no such property, and setting it does no harm.
const stackLimit = Error as { stackTraceLimit?: unknown }

/** Makes an error without a stack trace: capturing one costs more than the rest of a rejection. */
export function withoutStack<E extends Error>(make: () => E): E {
  const limit = stackLimit.stackTraceLimit
  try {
    stackLimit.stackTraceLimit = 0
  } catch {
    // Where intrinsics are frozen, the error has its stack.
    return make()
  }
  try {
    return make()
  } finally {
    stackLimit.stackTraceLimit = limit
  }
}

/** Names an error, or all of a class by its prototype: not enumerable, as built-in errors have it; a bundler may rename classes. */
export function nameError(target: Error, name: string): void {
  Object.defineProperty(target, 'name', { value: name, configurable: true, writable: true })
}

function quote(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value)
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object'
  return String(value)
}
