import { CircuitBreakerConfigError, type OptionRule, validateOptions } from '@switchgear/core'

/**
 * What an error may show of a value that stands where a webhook or a client belongs: a URL and a token are secrets, and a
 * client holds one. An empty string is a variable that is not set.
 */
export function hideSecret(value: unknown): unknown {
  const isNothing = value === undefined || value === null || value === ''
  return isNothing ? value : 'something else (not shown: it may be a secret)'
}

/** As `validateOptions`, for options among which a URL or a token may be by mistake. */
export function validateSlackOptions(path: string, options: object, rules: Readonly<Record<string, OptionRule>>): void {
  try {
    validateOptions(path, options, rules)
  } catch (error) {
    if (!(error instanceof CircuitBreakerConfigError) || !looksSecret(error.value)) throw error
    throw new CircuitBreakerConfigError(error.option, hideSecret(error.value), error.allowed)
  }
}

function looksSecret(value: unknown): boolean {
  return value instanceof URL || (typeof value === 'string' && /:\/\/|\bx(?:ox|app)/i.test(value))
}
