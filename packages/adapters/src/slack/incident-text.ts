import type { Incident, TripReading } from '@switchgear/core'
import { escapeMrkdwn } from './mrkdwn.ts'

/** Says that a breaker has opened, and why: in numbers and in types of errors, which hold no data of a user. */
export function openedText(incident: Incident): string {
  const failures = failureTypes(incident)
  return `:red_circle: ${subjectOf(incident)} has opened: ${causeOf(incident)}.${failures === '' ? '' : ` Last failures: ${failures}.`}`
}

/** Says that a breaker has closed again, and what it was until then. */
export function recoveredText(incident: Incident): string {
  const { transition, durationMs, openings, rejected } = incident
  const what = transition?.trigger === 'reset' ? 'was reset' : 'has recovered'
  const opened = openings === 1 ? '' : ` It opened ${openings} times.`
  const calls = rejected === 1 ? '1 call was rejected' : `${rejected} calls were rejected`
  return `:large_green_circle: ${subjectOf(incident)} ${what} after ${inWords(durationMs)}; ${calls}.${opened}`
}

/** Says that so many breakers of a family are open that further ones are not reported one by one. */
export function foldedText(family: string, most: number): string {
  return `:red_circle: ${nameOf(family)}: more than ${most} are open; further ones are not reported one by one.`
}

/** Says that what {@link foldedText} was about is over. */
export function unfoldedText(family: string, folded: number): string {
  return `:large_green_circle: ${nameOf(family)}: the ${folded} that were not reported one by one have closed.`
}

function subjectOf({ name, key }: Incident): string {
  // A key that is an origin is a name with a scheme.
  const shown = key === undefined ? name : escapeMrkdwn(key, 80)
  return shown === name ? nameOf(name) : `${nameOf(name)} (${shown})`
}

function nameOf(name: string): string {
  return `*${escapeMrkdwn(name, 80)}*`
}

function causeOf({ trigger, opening }: Incident): string {
  if (trigger === 'forced' && opening.override !== undefined) {
    const { reason, actor } = opening.override
    return `${actor === undefined ? 'by hand' : `by ${escapeMrkdwn(actor, 80)}`}, ${escapeMrkdwn(reason)}`
  }
  const reading = opening.window.find(({ policy }) => policy === trigger)
  return (reading && readingInWords(reading)) ?? escapeMrkdwn(trigger, 80)
}

function readingInWords({ policy, value, calls }: TripReading): string | undefined {
  if (value === undefined) return undefined
  if (policy === 'consecutive_failures') return value === 1 ? 'a failure' : `${value} failures in a row`
  if (policy !== 'failure_rate' && policy !== 'slow_call_rate') return undefined
  const what = policy === 'failure_rate' ? 'failed' : 'were slow'
  return `${Math.round(value * 100)} % of ${calls ?? 'the'} calls ${what}`
}

/** `503 ×3, ECONNREFUSED ×2`. */
function failureTypes({ opening }: Incident): string {
  const counts = new Map<string, number>()
  for (const { type } of opening.recentFailures) counts.set(type, (counts.get(type) ?? 0) + 1)
  return [...counts].map(([type, count]) => `${escapeMrkdwn(type, 80)} ×${count}`).join(', ')
}

function inWords(ms: number): string {
  const seconds = Math.round(ms / 1_000)
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.round(seconds / 60)
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`
}
