import type { Attributes, Context, Link, SpanKind } from '@opentelemetry/api'
import { ATTRIBUTES } from './names.ts'

/** A sampler of any version of the OpenTelemetry SDK. */
export interface SpanSampler {
  shouldSample(
    context: Context,
    traceId: string,
    spanName: string,
    spanKind: SpanKind,
    attributes: Attributes,
    links: Link[],
  ): { decision: number }
  toString(): string
}

const RECORD_AND_SAMPLED = 2

/** A sampler that keeps every transition span and leaves all other spans to `inner`: an incident has no second chance. */
export function keepTransitions<S extends SpanSampler>(inner: S): Pick<S, 'shouldSample' | 'toString'> {
  const shouldSample: SpanSampler['shouldSample'] = (context, traceId, spanName, spanKind, attributes, links) =>
    ATTRIBUTES.transitionTo in attributes
      ? { decision: RECORD_AND_SAMPLED }
      : inner.shouldSample(context, traceId, spanName, spanKind, attributes, links)
  return {
    shouldSample,
    toString: () => `KeepTransitions{${inner.toString()}}`,
  }
}
