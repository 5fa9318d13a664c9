import {
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  context,
  diag,
  isSpanContextValid,
  trace,
} from '@opentelemetry/api'
import {
  type BreakerState,
  type CallObservation,
  type CallObserver,
  CircuitTimeoutError,
  type Verdict,
} from '@switchgear/core'
import { type BoundedNames, shownWord } from './bounded-names.ts'
import { type BreakerId, type Incidents, linksTo } from './incidents.ts'
import { ATTRIBUTES, SPANS } from './names.ts'
import type { SpanLimit } from './span-limit.ts'

/**
 * Makes a span for each probe that the limit allows and, when asked to, for each call under a recording span. It is active
 * while the call runs.
 */
export class CallSpans implements CallObserver {
  readonly probesOnly: boolean
  readonly #tracer: Tracer
  readonly #names: BoundedNames
  readonly #incidents: Incidents
  readonly #probeLimit: SpanLimit

  constructor(tracer: Tracer, names: BoundedNames, incidents: Incidents, probeLimit: SpanLimit, everyCall: boolean) {
    this.#tracer = tracer
    this.#names = names
    this.#incidents = incidents
    this.#probeLimit = probeLimit
    this.probesOnly = !everyCall
  }

  callAdmitted(
    breaker: string,
    state: BreakerState,
    probe: boolean,
    key?: string,
    family?: string,
  ): CallObservation | undefined {
    try {
      return probe ? this.#startProbe({ breaker, key, family }, state) : this.#startCall(breaker, state)
    } catch (error) {
      report(error)
      return undefined
    }
  }

  traceId(): string | undefined {
    const active = trace.getActiveSpan()?.spanContext()
    return active && isSpanContextValid(active) ? active.traceId : undefined
  }

  #startProbe(id: BreakerId, state: BreakerState): CallObservation | undefined {
    if (this.#probeLimit.take(this.#names.shown(id.breaker)) === undefined) return undefined
    const incident = this.#incidents.of(id)
    const span = this.#start(SPANS.probe, id.breaker, state, linksTo(incident?.root, 'incident'))
    return new SpannedCall(span, (errorType) => {
      if (incident === undefined) return
      incident.probe = span.spanContext()
      if (errorType === CircuitTimeoutError.prototype.name) incident.lateProbe ??= span.spanContext()
    })
  }

  #startCall(breaker: string, state: BreakerState): CallObservation | undefined {
    if (trace.getActiveSpan()?.isRecording() !== true) return undefined
    return new SpannedCall(this.#start(SPANS.call, breaker, state, []))
  }

  #start(kind: string, breaker: string, state: BreakerState, links: ReturnType<typeof linksTo>): Span {
    const name = this.#names.shown(breaker)
    const attributes = { [ATTRIBUTES.name]: name, [ATTRIBUTES.state]: state }
    return this.#tracer.startSpan(`${kind} ${name}`, { kind: SpanKind.INTERNAL, attributes, links })
  }
}

class SpannedCall implements CallObservation {
  readonly #span: Span
  readonly #onEnd: ((errorType: string | undefined) => void) | undefined

  constructor(span: Span, onEnd?: (errorType: string | undefined) => void) {
    this.#span = span
    this.#onEnd = onEnd
  }

  run<T>(fn: () => T): T {
    return context.with(trace.setSpan(context.active(), this.#span), fn)
  }

  end(verdict: Verdict, errorType: string | undefined): void {
    try {
      this.#span.setAttribute(ATTRIBUTES.outcome, verdict)
      if (verdict === 'failure') {
        const type = shownWord(errorType ?? 'Error')
        this.#span.setAttribute(ATTRIBUTES.errorType, type)
        this.#span.setStatus({ code: SpanStatusCode.ERROR, message: type })
      }
      this.#span.end()
      this.#onEnd?.(errorType)
    } catch (error) {
      report(error)
    }
  }
}

// A span processor threw: that is not the call's affair.
function report(error: unknown): void {
  diag.error('switchgear: a span of a circuit breaker failed', error)
}
