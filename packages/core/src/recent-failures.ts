import type { Machine } from './machine.ts'

/** One failure as evidence: enough to answer "why did it open" without logs, and no payload. */
export interface FailureRecord {
  /** When, in ms since 1970. */
  readonly at: number
  /** The error's class name, or what an adapter says instead (an HTTP status, a network code). */
  readonly type: string
  /** The error's message: redacted, then cut at 200 characters. */
  readonly message: string
  /** How long the call took, between two looks at the clock. In a burst of calls these are looks of calls a few before, in the same turn of the event loop. */
  readonly durationMs: number
  /** The trace in which it happened, where telemetry is attached. */
  readonly traceId?: string
}

const KEPT = 10
const TYPES_KEPT = 10
const LONGEST_MESSAGE = 200
// What redaction is given at most: it must see a whole URL to clean it, and must not take long over a huge message.
const LONGEST_RAW_MESSAGE = 1_000

interface Failure {
  readonly type: string
  readonly rawMessage: string
  readonly durationMs: number
  readonly traceId: string | undefined
  readonly clockNow: number
  record?: FailureRecord
}

/** The last ten failures and how many there were of each type. */
export class RecentFailures {
  readonly #failures: (Failure | FailureRecord)[]
  readonly #countsByType = new Map<string, number>()

  /** @param earlier what another process had seen; its counts stay there */
  constructor(earlier: readonly FailureRecord[] = []) {
    this.#failures = earlier.slice(-KEPT)
  }

  /** Takes what it needs from the error, and does not keep the error: it may hold a whole response. */
  add(error: unknown, type: string, durationMs: number, traceId: string | undefined, now: number): void {
    this.#failures.push({
      type,
      rawMessage: errorMessage(error),
      durationMs,
      traceId,
      clockNow: now,
    })
    // Not each time: moving the others up costs more than all else here.
    if (this.#failures.length === 2 * KEPT) this.#failures.splice(0, KEPT)
  }

  /** Oldest first. Messages are cleaned when they are first asked for: most never are. */
  records(machine: Machine): FailureRecord[] {
    return this.#failures
      .slice(-KEPT)
      .map((failure) => ('rawMessage' in failure ? (failure.record ??= describe(failure, machine)) : failure))
  }

  /** When the last of them was, on the breaker's clock; undefined when there is none of this process. */
  get lastAt(): number | undefined {
    return (this.#failures.at(-1) as Partial<Failure> | undefined)?.clockNow
  }

  countsByType(): Record<string, number> {
    return Object.fromEntries(this.#countsByType)
  }

  /** Counts a failure of a type; says what it was counted under. */
  count(type: string): string {
    const counts = this.#countsByType
    const bounded = counts.has(type) || counts.size < TYPES_KEPT ? type : '_OTHER'
    counts.set(bounded, (counts.get(bounded) ?? 0) + 1)
    return bounded
  }
}

/** The default of the option `redact`: drops credentials, query strings and fragments of URLs. */
export function redactUrls(message: string): string {
  return message
    .replace(/(\w:\/\/)[^\s/?#]*@/g, '$1')
    .replace(/(\w:\/\/[^\s?#"'<>]*)[?#][^\s"'<>]*/g, '$1')
    .replace(/\?[^\s?=]+=[^\s"'<>]*/g, '')
}

/** The class name of what was thrown, where it looks like one: names become labels and must stay harmless and few. */
export function errorType(error: unknown): string {
  if ((typeof error !== 'object' && typeof error !== 'function') || error === null) return typeof error
  try {
    const { name, constructor } = error as { name?: unknown; constructor?: { name: unknown } }
    if (name !== last.name || constructor !== last.constructor) {
      last = { type: typeOf(name, constructor?.name), name, constructor }
    }
    return last.type
  } catch {
    // A hostile Proxy has no name.
    return 'Error'
  }
}

// Failures come in rows of one kind, and a look at the last one is all it then takes.
let last: { readonly type: string; readonly name?: unknown; readonly constructor?: unknown } = {
  type: 'Error',
  name: undefined,
  constructor: undefined,
}

function typeOf(name: unknown, className: unknown): string {
  // Many subclasses leave the name as it is.
  const names = name === 'Error' ? [className] : [name, className]
  return (names.find((each) => typeof each === 'string' && /^[\w$.-]{1,64}$/.test(each)) as string) ?? 'Error'
}

function errorMessage(error: unknown): string {
  try {
    const message: unknown = typeof error === 'string' ? error : (error as { message?: unknown } | undefined)?.message
    if (typeof message !== 'string') return ''
    if (message.length <= LONGEST_RAW_MESSAGE) return message
    // The last word may be a URL cut before its password ends.
    return message.slice(0, LONGEST_RAW_MESSAGE).replace(/\S*$/, '')
  } catch {
    return ''
  }
}

function describe(failure: Failure, machine: Machine): FailureRecord {
  const { type, durationMs, traceId } = failure
  const { clock } = machine.config
  const message = redactBy(machine, failure.rawMessage)
  return Object.freeze({
    at: Math.round(clock.wallNow() - (clock.now() - failure.clockNow)),
    type,
    message: message.length > LONGEST_MESSAGE ? `${message.slice(0, LONGEST_MESSAGE - 1)}…` : message,
    durationMs,
    ...(traceId === undefined ? undefined : { traceId }),
  })
}

/** What the option `redact` leaves of a message: nothing, when it throws. */
function redactBy(machine: Machine, message: string): string {
  try {
    const redacted: unknown = machine.config.redact(message)
    if (typeof redacted === 'string') return redacted
    machine.warn('redact_threw', 'redact gave no string; messages are dropped')
  } catch (error) {
    machine.warn('redact_threw', 'redact threw; messages are dropped', error)
  }
  return ''
}
