import { type SpanRecord, transitionOf } from '../telemetry/span-record.ts'
import { formatMs } from './format.ts'
import type { Paint } from './paint.ts'

export interface TraceTreeOptions {
  readonly paint: Paint
  /** Finds the span that a link leads to. */
  readonly find: (link: SpanRecord['links'][number]) => SpanRecord | undefined
}

interface Row {
  readonly branch: string
  /** What stands under the name's first letter, in lines that belong to the row. */
  readonly stem: string
  readonly span: SpanRecord
}

/** A trace as a tree: a line for each span, and one for each of its links. */
export function renderTraceTree(trace: readonly SpanRecord[], { paint, find }: TraceTreeOptions): string[] {
  const rows = layOut(trace)
  const width = (text: (row: Row) => string): number => Math.max(0, ...rows.map((row) => text(row).length))
  const nameWidth = width(({ branch, span }) => branch + span.name)
  const serviceWidth = width(({ span }) => span.service)
  return rows.flatMap(({ branch, stem, span }) => {
    const name = `${paint('dim', branch)}${span.name}${' '.repeat(nameWidth - branch.length - span.name.length)}`
    const service = paint('cyan', span.service.padEnd(serviceWidth))
    const duration = formatMs(span.durationMs).padStart(7)
    const line = `${name}  ${service}  ${paint('dim', span.kind.padEnd(8))}  ${duration}  ${status(span, paint)}`
    return [
      line.trimEnd(),
      ...span.links.map((link) => `${paint('dim', `${stem}↳ linked to`)} ${target(find(link), link)}`),
    ]
  })
}

/** Depth first, siblings by their start. A span whose parent is not there is a root. */
function layOut(trace: readonly SpanRecord[]): Row[] {
  const ids = new Set(trace.map(({ spanId }) => spanId))
  const inOrder = trace.toSorted((a, b) => a.startMs - b.startMs)
  const childrenOf = Map.groupBy(inOrder, ({ parentSpanId }) =>
    ids.has(parentSpanId ?? '') ? parentSpanId : undefined,
  )

  const rows: Row[] = []
  const visit = (span: SpanRecord, branch: string, indent: string): void => {
    const children = childrenOf.get(span.spanId) ?? []
    rows.push({ branch, stem: children.length > 0 ? `${indent}│  ` : indent, span })
    for (const child of children) {
      const last = child === children.at(-1)
      visit(child, `${indent}${last ? '└─ ' : '├─ '}`, `${indent}${last ? '   ' : '│  '}`)
    }
  }
  for (const root of childrenOf.get(undefined) ?? []) visit(root, '', '')
  return rows
}

function status(span: SpanRecord, paint: Paint): string {
  const { failed, attributes } = span
  const said = [
    transition(span),
    attributes['error.type'] ?? attributes['http.response.status_code'],
    failed ? undefined : attributes['circuit_breaker.outcome'],
  ].filter((part) => part !== undefined)
  return failed ? paint('red', ['✗', ...said].join(' ')) : said.join(' ')
}

function target(span: SpanRecord | undefined, { traceId }: { readonly traceId: string }): string {
  if (span === undefined) return `a span of trace ${traceId}, which is not here`
  const what = transition(span)
  return `${span.name}${what === undefined ? '' : ` (${what})`} in ${span.service}, trace ${traceId.slice(0, 8)}…`
}

function transition(span: SpanRecord): string | undefined {
  const states = transitionOf(span)
  return states && `${states.from} → ${states.to}`
}
