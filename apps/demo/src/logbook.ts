import type { Evidence, Outage } from './evidence.ts'
import { findFastFail } from './fast-fail.ts'
import type { ServiceMessage, Transition } from './messages.ts'
import type { Checkout } from './outcome.ts'
import type { Condition, Phase, Progress } from './scenario.ts'
import { Scoreboard, sum } from './scoreboard.ts'
import type { ServiceName } from './settings.ts'
import type { Sample } from './telemetry/prometheus-text.ts'
import { TraceStore } from './telemetry/trace-store.ts'
import type { BreakerReading, Frame, Second } from './view/frame.ts'

// More than a terminal is wide.
const keptSeconds = 500

/**
 * Writes down what happens, and knows what the view and the summary ask for. It compares times with those of other
 * processes by the wall clock, and measures by one that nobody can set.
 */
export class Logbook {
  readonly traces = new TraceStore()
  #startedAt = performance.now()
  readonly #scoreboard = new Scoreboard()
  readonly #transitions: (Transition & { service: ServiceName })[] = []
  readonly #outages: Outage[] = []
  readonly #seconds: Second[] = []
  readonly #scrapedStates = new Set<string>()
  readonly #samples: Partial<Record<ServiceName, readonly Sample[]>> = {}
  #breakers: { orders: BreakerReading; payments: BreakerReading } = {
    orders: { state: 'closed' },
    payments: { state: 'closed' },
  }
  #chargesReceived = 0
  #round = 0
  #phase: Phase | undefined
  #phaseBeganAt = performance.now()
  #closedSince: number | undefined = performance.now()
  #failedFastBefore = 0
  #secondBeganAt = performance.now()

  get elapsedMs(): number {
    return performance.now() - this.#startedAt
  }

  /** The clock of the run starts: before it, the services did. */
  start(): void {
    this.#startedAt = this.#secondBeganAt = performance.now()
  }

  beginRound(): void {
    this.#round++
    this.#failedFastBefore = this.#scoreboard.totals.failed_fast
  }

  beginPhase(phase: Phase): void {
    const now = Date.now()
    const outage = this.#outages.at(-1)
    if (this.#condition === 'healthy' && phase.condition !== 'healthy') this.#outages.push({ startedAt: now })
    else if (phase.condition === 'healthy' && outage) outage.healedAt ??= now
    this.#phase = phase
    this.#phaseBeganAt = performance.now()
  }

  /** A checkout begins; what is given back is told how it ended. */
  beginCheckout(): (checkout: Checkout) => void {
    const phase = this.#phase?.name ?? 'healthy'
    return (checkout) => this.#scoreboard.record(phase, checkout)
  }

  heard(service: ServiceName, message: ServiceMessage): void {
    if (message.type === 'spans') this.traces.add(message.spans)
    else if (message.type === 'transition') this.#moved(service, message.transition)
    else if (message.type === 'charges_received') this.#chargesReceived = message.count
    else if (message.type === 'breakers') {
      const { orders, payments } = message.breakers
      this.#breakers = { orders: orders ?? this.#breakers.orders, payments: payments ?? this.#breakers.payments }
    }
  }

  scraped(service: ServiceName, samples: readonly Sample[]): void {
    this.#samples[service] = samples
    for (const { name, labels, value } of samples) {
      if (name !== 'circuit_breaker_state' || labels['circuit_breaker_name'] !== 'payments' || value !== 1) continue
      this.#scrapedStates.add(labels['circuit_breaker_state'] ?? '')
    }
  }

  /** A second is over, or a little more on a busy machine. */
  endSecond(): void {
    const now = performance.now()
    const counts = this.#scoreboard.takeRecent()
    this.#seconds.push({
      elapsedMs: this.elapsedMs,
      condition: this.#condition,
      breaker: this.#breakers.payments.state,
      counts,
      perSecond: (sum(counts) * 1_000) / Math.max(1, now - this.#secondBeganAt),
    })
    this.#secondBeganAt = now
    if (this.#seconds.length > keptSeconds) this.#seconds.shift()
  }

  progress(): Progress {
    const now = performance.now()
    return {
      phaseMs: now - this.#phaseBeganAt,
      failedFast: this.#scoreboard.totals.failed_fast - this.#failedFastBefore,
      closedForMs: this.#closedSince === undefined ? undefined : now - this.#closedSince,
    }
  }

  frame(): Frame {
    return {
      elapsedMs: this.elapsedMs,
      round: this.#round,
      condition: this.#condition,
      breakers: this.#breakers,
      totals: this.#scoreboard.totals,
      seconds: this.#seconds,
    }
  }

  evidence(): Evidence {
    const fastFail = findFastFail(this.traces)
    return {
      scoreboard: this.#scoreboard,
      transitions: this.#transitions,
      outages: this.#outages,
      chargesReceived: this.#chargesReceived,
      scrapedStates: this.#scrapedStates,
      samples: this.#samples,
      fastFail,
      causeTrace: fastFail?.cause ? this.traces.trace(fastFail.cause.traceId) : [],
      findSpan: (link) => this.traces.find(link),
    }
  }

  get #condition(): Condition {
    return this.#phase?.condition ?? 'healthy'
  }

  #moved(service: ServiceName, transition: Transition): void {
    const { breaker, to, at } = transition
    this.#transitions.push({ service, ...transition })
    if (breaker !== 'payments') return
    this.#closedSince = to === 'closed' ? performance.now() : undefined
    const outage = this.#outages.at(-1)
    if (to === 'closed' && outage?.healedAt !== undefined) outage.closedAt ??= at
  }
}
