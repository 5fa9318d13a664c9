import type { Evidence } from '../evidence.ts'
import type { LatencyHistogram } from '../latency-histogram.ts'
import type { PromiseCheck } from '../promises.ts'
import { sum } from '../scoreboard.ts'
import { formatMs } from './format.ts'
import type { Paint } from './paint.ts'
import { renderTraceTree } from './trace-tree.ts'

/** The story of a run in numbers, and one trace that tells it. */
export function renderSummary(evidence: Evidence, paint: Paint): string[] {
  return [
    '',
    paint('bold', 'How long a checkout took'),
    ...renderPhases(evidence, paint),
    '',
    paint('bold', 'What the breaker did'),
    ...renderBreaker(evidence),
    '',
    ...renderFastFail(evidence, paint),
  ]
}

/** The promises, each with the numbers that decided. */
export function renderPromises(checks: readonly PromiseCheck[], paint: Paint): string[] {
  const broken = checks.filter(({ kept }) => !kept).length
  return [
    '',
    paint('bold', 'What the demo promises'),
    ...checks.flatMap(({ promise, kept, seen }) => [
      `  ${kept ? paint('green', '✓') : paint('red', '✗')} ${promise}`,
      `    ${paint('dim', seen)}`,
    ]),
    '',
    broken === 0
      ? paint('green', `All ${checks.length} promises kept.`)
      : paint('red', `${broken} of ${checks.length} promises broken.`),
  ]
}

function renderPhases({ scoreboard }: Evidence, paint: Paint): string[] {
  const rows = [...scoreboard.phases].map(([phase, { counts, latency }]) => [
    phase,
    String(sum(counts)),
    String(counts.paid),
    String(counts.failed_slowly),
    String(counts.failed_fast),
    formatMs(latency.quantile(0.5)),
    formatMs(latency.quantile(0.95)),
    formatMs(latency.max),
  ])
  const header = ['payments', 'checkouts', 'paid', 'failed slowly', 'failed fast', 'p50', 'p95', 'max']
  const [head = '', ...lines] = table([header, ...rows])
  return [paint('dim', head), ...lines]
}

function renderBreaker({ scoreboard, transitions, outages, chargesReceived }: Evidence): string[] {
  const { failed_fast: failedFast, failed_slowly: failedSlowly } = scoreboard.totals
  const openings = transitions.filter(({ breaker, to }) => breaker === 'payments' && to === 'open')
  const again = openings.filter(({ from }) => from !== 'closed').length
  const recoveries = outages.flatMap(({ healedAt, closedAt }) => (healedAt && closedAt ? [closedAt - healedAt] : []))
  const last = recoveries.at(-1)
  return [
    `  Failed slowly  ${failedSlowly} calls${typical(scoreboard.latency('failed_slowly'))}`,
    `  Failed fast    ${failedFast} calls${typical(scoreboard.latency('failed_fast'))}`,
    `  Never left     ${failedFast} of ${sum(scoreboard.totals)} calls; payments received ${chargesReceived}`,
    `  Opened         ${openings.length} ×${again > 0 ? `, ${again} of them again, after a probe had failed` : ''}`,
    `  Recovery       ${last === undefined ? 'not yet' : `${formatMs(last)} from when payments was healthy until the breaker was closed`}`,
  ]
}

function typical(latency: LatencyHistogram): string {
  return latency.count === 0 ? '' : `, half of them within ${formatMs(latency.quantile(0.5))}`
}

function renderFastFail({ fastFail, causeTrace, findSpan }: Evidence, paint: Paint): string[] {
  if (fastFail === undefined) return ['No call failed fast.']
  const { trace, reject, incident, opening, cause } = fastFail
  const tree = { paint, find: findSpan }
  return [
    `${paint('bold', 'A call that failed fast')}  ${paint('dim', `trace ${reject.traceId}`)}`,
    ...indented(renderTraceTree(trace, tree)),
    '',
    `${paint('bold', 'The incident its link leads to')}  ${paint('dim', `trace ${opening.traceId}`)}`,
    // Each transition links to the call that caused it. One of them is shown, and the links of the others would hide it.
    ...indented(
      renderTraceTree(
        incident.map((span) => (span === opening ? span : { ...span, links: [] })),
        tree,
      ),
    ),
    ...(cause
      ? [
          '',
          `${paint('bold', 'The call that caused it')}  ${paint('dim', `trace ${cause.traceId}`)}`,
          ...indented(renderTraceTree(causeTrace, tree)),
        ]
      : []),
  ]
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`)
}

/** Columns of equal width; the first to the left, numbers to the right. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows.map((row) => {
    const cells = row.map((cell, column) => {
      const width = widths[column] ?? 0
      return column === 0 ? cell.padEnd(width) : cell.padStart(width)
    })
    return `  ${cells.join('   ')}`
  })
}
