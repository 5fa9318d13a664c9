import {
  type CircuitBreaker,
  CircuitBreakerConfigError,
  getDefaultRegistry,
  type Incident,
  type IncidentSource,
  type OptionRule,
  watchIncidents,
} from '@switchgear/core'
import { func } from '../http/family-rules.ts'
import { hideSecret, validateSlackOptions } from './hide-secret.ts'
import { foldedText, openedText, recoveredText, unfoldedText } from './incident-text.ts'
import { warn } from './misconfiguration.ts'

/** What takes the messages: a `slackNotifier`, or a function around one. */
export interface IncidentRecipient {
  (message: string): unknown
  /** The breaker that messages go through. */
  readonly breaker?: CircuitBreaker
}

/** The options of {@link slackIncidents}. All can be left out. */
export interface SlackIncidentsOptions {
  /** What is watched: a registry, a family of keyed breakers, or a breaker. Default: the registry of the process. */
  registry?: IncidentSource
  /**
   * The breaker that messages go through, for a `notify` that does not say so itself, such as a function around a notifier.
   * Default: that of `notify`.
   */
  through?: CircuitBreaker
  /** Hears of the incidents of the breaker that messages go through. Default: a line by `console.warn`. */
  otherwise?: (message: string, incident: Incident) => unknown
  /** The text for an incident that has `opened` or `recovered`; undefined for no message. Default: name, cause, numbers. */
  text?: (incident: Incident) => string | undefined
  /** How many incidents of one family of keyed breakers are reported one by one at a time. Default: 10. */
  maxPerFamily?: number
}

/**
 * Reports incidents until the handle is disposed of: one message when a breaker opens, one when it has recovered, and none
 * for what lies between. Of the breaker that the messages go through `otherwise` hears: Slack cannot say that it is down.
 *
 * @throws {CircuitBreakerConfigError} for options that are not allowed
 */
export function slackIncidents(notify: IncidentRecipient, options: SlackIncidentsOptions = {}): Disposable {
  if (typeof notify !== 'function') {
    throw new CircuitBreakerConfigError('notify', hideSecret(notify), 'a function')
  }
  validateSlackOptions('', options, rules)
  const reporter = new IncidentReporter(notify, options)
  // What is given back is looked at: a promise may reject.
  return watchIncidents(options.registry ?? getDefaultRegistry(), (incident) => reporter.report(incident))
}

const hasOn = (value: unknown): boolean => typeof (value as { on?: unknown } | null)?.on === 'function'
const rules: Record<keyof SlackIncidentsOptions, OptionRule> = {
  registry: [hasOn, 'a CircuitBreakerRegistry, a family of keyed breakers or a CircuitBreaker'],
  through: [hasOn, 'a CircuitBreaker'],
  otherwise: func,
  text: func,
  maxPerFamily: [(value) => Number.isSafeInteger(value) && (value as number) >= 1, 'a whole number of at least 1'],
}

/** The breakers of one family whose incidents are under way. */
interface FamilyIncidents {
  readonly oneByOne: Set<string>
  readonly folded: Set<string>
  /** How many have been folded since that was told. */
  foldedInAll: number
}

class IncidentReporter {
  readonly #notify: IncidentRecipient
  readonly #through: string | undefined
  readonly #otherwise: (message: string, incident: Incident) => unknown
  readonly #text: (incident: Incident) => string | undefined
  readonly #maxPerFamily: number
  readonly #families = new Map<string, FamilyIncidents>()

  constructor(notify: IncidentRecipient, { through, otherwise, text, maxPerFamily }: SlackIncidentsOptions) {
    this.#notify = notify
    this.#through = (through ?? notify.breaker)?.name
    this.#otherwise = otherwise ?? ((message, { name }) => warn(name, message))
    this.#text = text ?? textOf
    this.#maxPerFamily = maxPerFamily ?? 10
  }

  report(incident: Incident): unknown {
    if (incident.phase !== 'opened' && incident.phase !== 'recovered') return undefined
    const message = incident.phase === 'opened' ? this.#opened(incident) : this.#recovered(incident)
    if (message === undefined) return undefined
    const isOfSlackItself = incident.name === this.#through && incident.key === undefined
    return isOfSlackItself ? this.#otherwise(message, incident) : this.#notify(message)
  }

  #opened(incident: Incident): string | undefined {
    const { family } = incident
    if (family === undefined) return this.#text(incident)
    let incidents = this.#families.get(family)
    if (incidents === undefined) {
      this.#families.set(family, (incidents = { oneByOne: new Set(), folded: new Set(), foldedInAll: 0 }))
    }
    const { oneByOne, folded } = incidents
    const id = idOf(incident)
    if (oneByOne.size < this.#maxPerFamily) {
      oneByOne.add(id)
      return this.#text(incident)
    }
    folded.add(id)
    return ++incidents.foldedInAll === 1 ? foldedText(family, this.#maxPerFamily) : undefined
  }

  #recovered(incident: Incident): string | undefined {
    const { family } = incident
    const incidents = family === undefined ? undefined : this.#families.get(family)
    if (family === undefined || incidents === undefined) return this.#text(incident)
    const wasFolded = incidents.folded.delete(idOf(incident))
    incidents.oneByOne.delete(idOf(incident))
    if (!wasFolded) return this.#text(incident)
    if (incidents.folded.size > 0) return undefined
    const { foldedInAll } = incidents
    incidents.foldedInAll = 0
    return unfoldedText(family, foldedInAll)
  }
}

function idOf({ name, key }: Incident): string {
  return `${name}\0${key}`
}

function textOf(incident: Incident): string {
  return incident.phase === 'opened' ? openedText(incident) : recoveredText(incident)
}
