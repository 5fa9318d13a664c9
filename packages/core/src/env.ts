import { consecutiveFailures } from './consecutive-failures.ts'
import { CircuitBreakerConfigError } from './errors.ts'
import type { CircuitBreakerOptions } from './options.ts'

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>

/**
 * The options that environment variables ask for:
 *
 * - `EXTERNAL_CB_THRESHOLD`: failures in a row that open a breaker;
 * - `EXTERNAL_CB_TIMEOUT_SECONDS`: how long it stays open, in seconds;
 * - `EXTERNAL_CB_HALF_OPEN_MAX_CALLS`: probes at once in half_open, and how many must succeed to close.
 *
 * A variable that is not set, or empty, asks for nothing. Default: the process's own environment, where there is one.
 *
 * @throws {CircuitBreakerConfigError} for a value that is not allowed; it names the variable
 */
export function optionsFromEnv(env: Environment = processEnvironment()): CircuitBreakerOptions {
  const threshold = readVariable('EXTERNAL_CB_THRESHOLD', 'count', env)
  const openSeconds = readVariable('EXTERNAL_CB_TIMEOUT_SECONDS', 'seconds', env)
  const probes = readVariable('EXTERNAL_CB_HALF_OPEN_MAX_CALLS', 'count', env)
  return {
    ...(threshold !== undefined && { trip: consecutiveFailures(threshold) }),
    ...(openSeconds !== undefined && { openMs: openSeconds * 1000 }),
    ...(probes !== undefined && { halfOpen: { successesToClose: probes, maxConcurrent: probes } }),
  }
}

/** The kinds of values that environment variables hold. */
export interface VariableKinds {
  /** A whole number of at least 1. */
  count: number
  /** A whole number, 0 or more. */
  amount: number
  /** A number of seconds, 0 or more, with or without a fraction. */
  seconds: number
  /** `true`, `1`, `yes` or `on`; `false`, `0`, `no` or `off`; in letters of any case. */
  flag: boolean
}

/**
 * Reads one environment variable, for options of other packages; undefined when it is not set, or empty. Default: the
 * process's own environment, where there is one.
 *
 * @throws {CircuitBreakerConfigError} for a value that is not of this kind; it names the variable
 */
export function readVariable<K extends keyof VariableKinds>(
  variable: string,
  kind: K,
  env: Environment = processEnvironment(),
): VariableKinds[K] | undefined {
  const text = env[variable]?.trim()
  if (text === undefined || text === '') return undefined
  const { pattern, allowed, parse }: VariableFormat<VariableKinds[K]> = formats[kind]
  if (!pattern.test(text)) throw new CircuitBreakerConfigError(variable, env[variable], allowed)
  return parse(text)
}

interface VariableFormat<T> {
  readonly pattern: RegExp
  readonly allowed: string
  readonly parse: (text: string) => T
}

const formats: { readonly [K in keyof VariableKinds]: VariableFormat<VariableKinds[K]> } = {
  count: { pattern: /^(?!0+$)\d{1,15}$/, allowed: 'a whole number of at least 1', parse: Number },
  amount: { pattern: /^\d{1,15}$/, allowed: 'a whole number, 0 or more', parse: Number },
  seconds: { pattern: /^\d{1,15}(\.\d+)?$/, allowed: 'a number of seconds, 0 or more', parse: Number },
  flag: {
    pattern: /^(true|1|yes|on|false|0|no|off)$/i,
    allowed: 'true, 1, yes, on, false, 0, no or off',
    parse: (text) => /^(true|1|yes|on)$/i.test(text),
  },
}

function processEnvironment(): Environment {
  return (globalThis as { process?: { env?: Environment } }).process?.env ?? {}
}
