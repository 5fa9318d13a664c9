import { ROOT_CONTEXT, type SpanContext, SpanKind, SpanStatusCode, type Tracer, trace } from '@opentelemetry/api'
import type { TransitionEvent } from '@switchgear/core'
import { type BoundedNames, shownWord } from './bounded-names.ts'
import { type Incident, type Incidents, linksTo } from './incidents.ts'
import { SPANS } from './names.ts'
import type { ObservedRegistry } from './observed-registry.ts'
import { transitionAttributes } from './transition-attributes.ts'
import { isOfActiveCall } from './transition-cause.ts'

/**
 * Draws each incident as a trace of its own, exported as it happens: the transition that begins it is the root, each
 * later one a child as long as the state it leaves.
 */
export function traceTransitions(
  registry: ObservedRegistry,
  tracer: Tracer,
  names: BoundedNames,
  incidents: Incidents,
): Disposable {
  return registry.on('transition', (event) => {
    const incident = event.from === 'closed' ? undefined : incidents.of(event)
    const name = names.shown(event.breaker)
    const span = tracer.startSpan(
      `${SPANS.transition} ${name}`,
      {
        kind: SpanKind.INTERNAL,
        startTime: startOf(event),
        // All of them now: a sampler sees only what a span has from the start.
        attributes: transitionAttributes(event, name),
        links: linksTo(causeOf(event, incident), 'trigger'),
      },
      incident === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, incident.root),
    )
    if (event.to === 'open') span.setStatus({ code: SpanStatusCode.ERROR, message: shownWord(event.trigger) })
    span.end(new Date(event.at))
    if (incident !== undefined) incident.probe = incident.lateProbe = undefined
    if (event.to === 'closed') incidents.end(event)
    else if (incident === undefined) incidents.begin(event, span.spanContext())
  })
}

/** The span of what caused a transition. */
function causeOf(event: TransitionEvent, incident: Incident | undefined): SpanContext | undefined {
  const { trigger } = event
  // Several may be over by the time somebody comes, so it need not be the one that ended last.
  if (trigger === 'probe_timeout') return incident?.lateProbe
  const active = isOfActiveCall(event) ? trace.getActiveSpan()?.spanContext() : undefined
  return trigger === 'probes_succeeded' || trigger === 'probe_failed' ? (incident?.probe ?? active) : active
}

// A Date, since a small number would be read as a time since the process started.
function startOf({ from, at, dwellMs }: TransitionEvent): Date {
  // A healthy time is no part of the incident, and may have begun days ago. Rounded up: `at` has lost its fraction.
  return new Date(from === 'closed' ? at : Math.ceil(at - dwellMs))
}
