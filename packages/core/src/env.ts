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
  const threshold = read(env, 'EXTERNAL_CB_THRESHOLD', count)
  const openSeconds = read(env, 'EXTERNAL_CB_TIMEOUT_SECONDS', duration)
  const probes = read(env, 'EXTERNAL_CB_HALF_OPEN_MAX_CALLS', count)
  return {
    ...(threshold !== undefined && { trip: consecutiveFailures(threshold) }),
    ...(openSeconds !== undefined && { openMs: openSeconds * 1000 }),
    ...(probes !== undefined && { halfOpen: { successesToClose: probes, maxConcurrent: probes } }),
  }
}

interface NumberFormat {
  readonly pattern: RegExp
  readonly least: number
  readonly allowed: string
}

const count: NumberFormat = { pattern: /^\d{1,15}$/, least: 1, allowed: 'a whole number of at least 1' }
const duration: NumberFormat = { pattern: /^\d{1,15}(\.\d+)?$/, least: 0, allowed: 'a number of seconds, 0 or more' }

function read(env: Environment, variable: string, format: NumberFormat): number | undefined {
  const text = env[variable]?.trim()
  if (text === undefined || text === '') return undefined
  const value = Number(text)
  if (!format.pattern.test(text) || value < format.least) {
    throw new CircuitBreakerConfigError(variable, env[variable], format.allowed)
  }
  return value
}

function processEnvironment(): Environment {
  return (globalThis as { process?: { env?: Environment } }).process?.env ?? {}
}
