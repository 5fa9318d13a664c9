import { dangersOf, type Finding, policiesOf } from './dangerous-options.ts'
import { duration, positiveDuration, type Rule, validateOptions } from './option-rules.ts'
import { type BreakerConfig, type CircuitBreakerOptions, resolveOptions } from './options.ts'
import type { RampLimits } from './state.ts'

/** What is known of the calls that a breaker will see. */
export interface Traffic {
  /** Calls a second through this one breaker: of one process, and of one key if it is keyed. */
  callsPerSecond?: number
  /** How often metrics are scraped, in ms. */
  scrapeMs?: number
}

const rules: Record<keyof Traffic, Rule> = {
  callsPerSecond: [duration[0], 'a number, 0 or more'],
  scrapeMs: positiveDuration,
}

/**
 * Looks for options that are allowed and will probably not do what their author wants, alone or under the given traffic.
 * Says so in plain words; none found is an empty list.
 *
 * @throws {CircuitBreakerConfigError} for options that are not allowed
 */
export function checkOptions(options: CircuitBreakerOptions, traffic: Traffic = {}): Finding[] {
  validateOptions('traffic.', traffic, rules)
  const config = resolveOptions(options)
  return [...dangersOf(config), ...surprisesOf(config), ...underTraffic(config, traffic)]
}

function surprisesOf({ timeoutMs, recoverWhen, openMs }: BreakerConfig): Finding[] {
  const findings: Finding[] = []
  if (timeoutMs === undefined) {
    findings.push({
      code: 'no_timeout',
      severity: 'hint',
      option: 'timeoutMs',
      message: 'a call that never ends is never a failure, unless the function has a time limit of its own',
    })
  }
  if (recoverWhen !== undefined && typeof openMs === 'number' && recoverWhen.everyMs >= openMs) {
    findings.push({
      code: 'recovery_check_too_late',
      severity: 'hint',
      option: 'recoverWhen.everyMs',
      message: `the first check comes after ${recoverWhen.everyMs} ms, when the breaker lets probes through anyway (${openMs} ms)`,
    })
  }
  return findings
}

function underTraffic(config: BreakerConfig, { callsPerSecond, scrapeMs = 0 }: Traffic): Finding[] {
  const { trip, openMs, halfOpen } = config
  const findings: Finding[] = []
  if (callsPerSecond !== undefined) {
    for (const { window, minimumCalls } of policiesOf(trip)) {
      if (window?.ms === undefined || minimumCalls === undefined) continue
      const calls = Math.floor((callsPerSecond * window.ms) / 1000)
      if (calls >= minimumCalls) continue
      findings.push({
        code: 'minimum_never_reached',
        severity: 'danger',
        option: 'trip.minimumCalls',
        message: `${callsPerSecond} calls a second are ${calls} in a window of ${window.ms} ms, fewer than the ${minimumCalls} it takes to judge: it never trips`,
      })
    }
    const { rampUp, successesToClose } = halfOpen
    if (rampUp === undefined && callsPerSecond > 100) {
      findings.push({
        code: 'sudden_recovery',
        severity: 'hint',
        option: 'rampUp',
        message: `after ${successesToClose} good probes all ${callsPerSecond} calls a second come back at once; rampUp lets them in by and by`,
      })
    }
    if (rampUp !== undefined) findings.push(...stepsWithoutResults(rampUp, callsPerSecond))
  }
  if (typeof openMs === 'number' && openMs < scrapeMs) {
    findings.push({
      code: 'open_shorter_than_scrape',
      severity: 'hint',
      option: 'openMs',
      message: `open for ${openMs} ms, the breaker may open and close between two scrapes ${scrapeMs} ms apart: alert on transitions, not on the state`,
    })
  }
  return findings
}

function stepsWithoutResults({ stepsPercent, stepMs, minimumCalls }: RampLimits, callsPerSecond: number): Finding[] {
  return stepsPercent.flatMap((percent) => {
    const calls = Math.floor((callsPerSecond * stepMs * percent) / 100_000)
    if (calls >= minimumCalls) return []
    return {
      code: 'ramp_step_without_results',
      severity: 'hint',
      option: 'rampUp.minimumCalls',
      message: `the step of ${percent} % sees ${calls} calls in ${stepMs} ms, fewer than the ${minimumCalls} it takes to judge: it lasts longer`,
    }
  })
}
