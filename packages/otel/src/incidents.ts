import { type Attributes, type Link, type SpanContext, TraceFlags, isSpanContextValid } from '@opentelemetry/api'
import { ATTRIBUTES } from './names.ts'

/** The trace of an incident: from a breaker's leaving closed until it is closed again. */
export interface Incident {
  /** The span of the transition that began it. */
  readonly root: SpanContext
  /** The span of the probe that ended last since the last transition. */
  probe?: SpanContext | undefined
  /** The span of the first probe since the last transition that took too long. */
  lateProbe?: SpanContext | undefined
}

/** A breaker as events and observers name it. */
export interface BreakerId {
  readonly breaker: string
  readonly key?: string | undefined
  readonly family?: string | undefined
}

// Only breakers that are forgotten while they are open never end theirs.
const INCIDENTS_KEPT = 10_000

/** The incidents that go on in a registry. Only span contexts are kept: each span is exported when it ends. */
export class Incidents {
  readonly #incidents = new Map<string, Incident>()

  of(id: BreakerId): Incident | undefined {
    return this.#incidents.get(text(id))
  }

  begin(id: BreakerId, root: SpanContext): void {
    const [oldest] = this.#incidents.keys()
    if (oldest !== undefined && this.#incidents.size >= INCIDENTS_KEPT) this.#incidents.delete(oldest)
    if (isSpanContextValid(root)) this.#incidents.set(text(id), { root })
  }

  end(id: BreakerId): void {
    this.#incidents.delete(text(id))
  }
}

function text({ breaker, key, family }: BreakerId): string {
  return key === undefined ? breaker : `${breaker}\0${family}\0${key}`
}

const LINK_ATTRIBUTES: Readonly<Record<'incident' | 'trigger', Attributes>> = {
  incident: Object.freeze({ [ATTRIBUTES.link]: 'incident' }),
  trigger: Object.freeze({ [ATTRIBUTES.link]: 'trigger' }),
}

/** A link to a span, unless that one is not sampled: it would lead nowhere. */
export function linksTo(context: SpanContext | undefined, what: keyof typeof LINK_ATTRIBUTES): Link[] {
  if (context === undefined || !isSpanContextValid(context) || (context.traceFlags & TraceFlags.SAMPLED) === 0)
    return []
  return [{ context, attributes: LINK_ATTRIBUTES[what] }]
}
