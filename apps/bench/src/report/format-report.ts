import { loadavg } from 'node:os'
import type { Bar } from '../bars.ts'
import type { IdleCost } from '../cases/idle-breakers.ts'
import type { BundleSize } from '../measure/bundle-size.ts'
import type { RoundOptions, Timing } from '../measure/time-contenders.ts'
import { barsTable } from './bars-table.ts'
import { bundlesTable } from './bundles-table.ts'
import { idleTable } from './idle-table.ts'
import { describeMachine, describeVersions } from './machine.ts'
import { timingTable } from './timing-table.ts'

/** Everything of a full run. */
export interface Results extends RoundOptions {
  readonly bars: readonly Bar[]
  readonly calls: readonly Timing[]
  readonly telemetry: readonly Timing[]
  readonly fetches: readonly Timing[]
  readonly requests: readonly Timing[]
  readonly scrapes: readonly Timing[]
  readonly lookups: readonly Timing[]
  readonly idle: readonly IdleCost[]
  readonly bundles: readonly BundleSize[]
}

export function formatReport(results: Results): string {
  const { bars, calls, telemetry, fetches, requests, scrapes, lookups, idle, bundles, rounds, roundMs } = results
  return `# Results

Written by \`npm run bench\`. [README.md](./README.md) says how to read it.

- When: ${new Date().toISOString().slice(0, 10)}
- Machine: ${describeMachine()}; load average ${loadavg()[1]?.toFixed(1)} at the end
- Versions: ${describeVersions()}
- Method: one process, ${rounds} rounds, each with a turn of every contender of about ${roundMs} ms of its thread's processor
  time; medians

## Bars

${barsTable(bars)}

What is left of a call's time, and why, is in [hot-path.md](../../docs/decisions/hot-path.md); of the size, in
[size-of-the-core.md](../../docs/decisions/size-of-the-core.md).

## Calls

Processor time of the calling thread for each call, and how many times that of a bare await.

${timingTable('call', calls)}

The same in wall time, which also has what other threads and other processes took:

${timingTable('call', calls, 'wallNs')}

## Idle breakers

${idleTable(idle)}

## Bundles

What one breaker that opens after failures in a row adds to an application.

${bundlesTable(bundles)}

## Lookups

By name or key, among so many, in random order. The calls find their breaker by its key first.

${timingTable('breakers', lookups)}

## breakerFetch

A request over loopback and its answer of one byte; the server runs in another process.

${timingTable('fetch', fetches)}

## breakerInterceptor

The same by \`request\` of undici.

${timingTable('request', requests)}

## Telemetry

\`@switchgear/otel\` attached to the breaker's registry.

${timingTable('call', telemetry)}

## Scrapes

The status of each, as core alone gives it; collection by the SDK; and a scrape, which is that and the text for Prometheus,
with the labels of the scope and without.

${timingTable('of', scrapes)}
`
}
