import { SpanStatusCode, trace } from '@opentelemetry/api'
import { CircuitBreakerRegistry, consecutiveFailures } from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'
import { type SpanSampler, instrumentCircuitBreakers, keepTransitions } from '@switchgear/otel'
import { type Sdk, scrape } from './sdk.ts'

/** What a span has come to, by the names of spans instead of their ids. */
export interface SpanReport {
  readonly name: string
  readonly parent: string | undefined
  readonly links: readonly string[]
  readonly isError: boolean
  readonly durationMs: number
}

/** What an outage has left behind. */
export interface StoryReport {
  readonly active: string | undefined
  readonly metrics: readonly string[]
  readonly spans: readonly SpanReport[]
  readonly logs: readonly (readonly [
    event: string | undefined,
    severity: string | undefined,
    span: string | undefined,
  ])[]
}

const samplesNamed: SpanSampler = {
  shouldSample: (_context, _traceId, spanName) => ({ decision: spanName.startsWith('unsampled') ? 0 : 2 }),
  toString: () => 'ByName',
}

/** Plays an outage of one service, and a trip in a request that is not sampled, and prints what telemetry makes of it. */
export async function tellStory(start: (sampler: typeof samplesNamed) => Sdk): Promise<void> {
  const sdk = start(keepTransitions(samplesNamed))
  const clock = new ManualClock({ wallNow: 1_700_000_000_000 })
  const registry = new CircuitBreakerRegistry({
    clock,
    defaults: { trip: consecutiveFailures(2), openMs: 1_000, halfOpen: { successesToClose: 1 } },
  })
  const { loggerProvider } = sdk
  instrumentCircuitBreakers({ registry, clock, ...(loggerProvider && { loggerProvider }) })
  const tracer = trace.getTracer('application')
  const spanNames = new Map<string, string>()
  const inRequest = <T>(name: string, fn: () => Promise<T>): Promise<T | undefined> =>
    tracer.startActiveSpan(name, async (span) => {
      spanNames.set(span.spanContext().spanId, name)
      // A rejected call is part of the story.
      const result = await fn().catch(() => undefined)
      span.end()
      return result
    })

  const payments = registry.get('payments')
  const fail = (): Promise<never> => payments.execute(() => Promise.reject(new TypeError('down')))
  await inRequest('first failure', fail)
  await inRequest('second failure', fail)
  await inRequest('fast-fail', fail)
  clock.advance(1_500)
  const active = await inRequest('recovery', () =>
    payments.execute(async () => {
      await Promise.resolve()
      return trace.getActiveSpan()?.spanContext().spanId
    }),
  )
  await inRequest('unsampled request', async () => {
    registry
      .get('refunds', { trip: consecutiveFailures(1) })
      .acquire()
      .failure(new TypeError('down'))
  })

  const spans = sdk.spans.getFinishedSpans()
  for (const span of spans) {
    const to = span.attributes['circuit_breaker.transition.to']
    spanNames.set(span.spanContext().spanId, typeof to === 'string' ? `${span.name} to ${to}` : span.name)
  }
  const nameOf = (spanId: string | undefined): string | undefined => spanNames.get(spanId ?? '')
  const report: StoryReport = {
    active: nameOf(active),
    metrics: await scrape(sdk),
    spans: spans.map((span) => ({
      name: nameOf(span.spanContext().spanId) ?? '',
      parent: nameOf(span.parentSpanContext?.spanId),
      links: span.links.map(
        (link) => `${String(link.attributes?.['circuit_breaker.link'])}: ${nameOf(link.context.spanId)}`,
      ),
      isError: span.status.code === SpanStatusCode.ERROR,
      durationMs: span.duration[0] * 1_000 + span.duration[1] / 1e6,
    })),
    logs: sdk.logs
      .getFinishedLogRecords()
      .map(({ eventName, severityText, spanContext }) => [eventName, severityText, nameOf(spanContext?.spanId)]),
  }
  console.log(JSON.stringify(report))
}
