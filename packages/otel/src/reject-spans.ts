import { SpanKind, SpanStatusCode, type Tracer, trace } from '@opentelemetry/api'
import type { RejectedEvent } from '@switchgear/core'
import type { BoundedNames } from './bounded-names.ts'
import { type Incidents, linksTo } from './incidents.ts'
import { ATTRIBUTES, SPANS } from './names.ts'
import type { ObservedRegistry } from './observed-registry.ts'
import type { SpanLimit } from './span-limit.ts'

/** Makes spans for rejected calls under a recording span, as many as the limit allows. */
export function traceRejections(
  registry: ObservedRegistry,
  tracer: Tracer,
  names: BoundedNames,
  incidents: Incidents,
  limit: SpanLimit,
): Disposable {
  function traceRejection(event: RejectedEvent): void {
    const { breaker, state, reason, enforced, retryAfterMs } = event
    if (!enforced) return
    const name = names.shown(breaker)
    const suppressed = limit.take(name)
    if (suppressed === undefined) return
    const span = tracer.startSpan(`${SPANS.reject} ${name}`, {
      kind: SpanKind.INTERNAL,
      attributes: {
        [ATTRIBUTES.name]: name,
        [ATTRIBUTES.state]: state,
        [ATTRIBUTES.outcome]: 'rejected',
        [ATTRIBUTES.rejectionReason]: reason,
        [ATTRIBUTES.errorType]: 'CircuitOpenError',
        ...(retryAfterMs !== undefined && { [ATTRIBUTES.retryAfter]: retryAfterMs / 1000 }),
        ...(suppressed > 0 && { [ATTRIBUTES.rejectionsSuppressed]: suppressed }),
      },
      links: linksTo(incidents.of(event)?.root, 'incident'),
    })
    span.setStatus({ code: SpanStatusCode.ERROR, message: reason })
    span.end()
  }

  // Otherwise core would make an event of each rejection, which costs as much as the rejection itself.
  return registry.on('rejected', traceRejection, { when: () => trace.getActiveSpan()?.isRecording() === true })
}
