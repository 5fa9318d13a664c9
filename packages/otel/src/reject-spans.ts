import { SpanKind, SpanStatusCode, type Tracer, trace } from '@opentelemetry/api'
import type { Clock } from '@switchgear/core'
import type { BoundedNames } from './bounded-names.ts'
import { type Incidents, linksTo } from './incidents.ts'
import { ATTRIBUTES, SPANS } from './names.ts'
import type { ObservedRegistry } from './observed-registry.ts'
import { TokenBucket } from './token-bucket.ts'

/** Spans for rejected calls under a recording span. Rate-limited: a storm of them would crowd out the application's own. */
export function traceRejections(
  registry: ObservedRegistry,
  tracer: Tracer,
  names: BoundedNames,
  incidents: Incidents,
  perSecond: number,
  clock: Clock,
): Disposable {
  const limits = new Map<string, { readonly bucket: TokenBucket; suppressed: number }>()
  return registry.on('rejected', (event) => {
    const { breaker, state, reason, enforced, retryAfterMs } = event
    if (!enforced || trace.getActiveSpan()?.isRecording() !== true) return
    const name = names.shown(breaker)
    let limit = limits.get(name)
    if (limit === undefined) limits.set(name, (limit = { bucket: new TokenBucket(perSecond, clock), suppressed: 0 }))
    if (!limit.bucket.take()) {
      limit.suppressed++
      return
    }
    const span = tracer.startSpan(`${SPANS.reject} ${name}`, {
      kind: SpanKind.INTERNAL,
      attributes: {
        [ATTRIBUTES.name]: name,
        [ATTRIBUTES.state]: state,
        [ATTRIBUTES.outcome]: 'rejected',
        [ATTRIBUTES.rejectionReason]: reason,
        [ATTRIBUTES.errorType]: 'CircuitOpenError',
        ...(retryAfterMs !== undefined && { [ATTRIBUTES.retryAfter]: retryAfterMs / 1000 }),
        ...(limit.suppressed > 0 && { [ATTRIBUTES.rejectionsSuppressed]: limit.suppressed }),
      },
      links: linksTo(incidents.of(event)?.root, 'incident'),
    })
    limit.suppressed = 0
    span.setStatus({ code: SpanStatusCode.ERROR, message: reason })
    span.end()
  })
}
