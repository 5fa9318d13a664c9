import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type * as Core from '@switchgear/core'
import { barCases, barColumns, barsOf, isFarBeyond, isMet } from './bars.ts'
import { callCases, type CallCaseName } from './call-cases.ts'
import { callContenders } from './cases/call-contenders.ts'
import { fetchContenders } from './cases/fetch-contenders.ts'
import { measureIdleBreakers } from './cases/idle-breakers.ts'
import { lookupContenders } from './cases/lookup-contenders.ts'
import { scrapeContenders } from './cases/scrape-contenders.ts'
import { telemetryContenders } from './cases/telemetry-contenders.ts'
import { undiciContenders } from './cases/undici-contenders.ts'
import { type Flags, parseFlags, usage } from './flags.ts'
import { measureBundles } from './measure/bundle-size.ts'
import { type Contender, type RoundOptions, timeContenders, type Timing } from './measure/time-contenders.ts'
import { barsTable } from './report/bars-table.ts'
import { formatReport } from './report/format-report.ts'
import { timingTable } from './report/timing-table.ts'

if (globalThis.gc === undefined) throw new Error('run with node --expose-gc')

// opossum's and mollitia's timers would keep the process alive.
process.exit(await main(process.argv.slice(2)))

async function main(args: readonly string[]): Promise<number> {
  let flags: Flags
  try {
    flags = parseFlags(args)
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`)
    return 2
  }
  if (flags.help) console.log(usage)
  else if (flags.quick) return runQuick()
  else if (flags.cases || flags.against) await runSome(flags)
  else await runAll({ rounds: 7, roundMs: 220 })
  return 0
}

/** The bars, roughly. Says whether one is missed by far. */
async function runQuick(): Promise<number> {
  const contenders = (await callContenders(undefined, barCases)).filter(({ column }) => barColumns.has(column))
  const calls = await timeContenders(contenders, { rounds: 5, roundMs: 40 })
  const idle = await measureIdleBreakers({ count: 10_000, rounds: 1, only: 1 })
  const bars = barsOf({ calls, idle, scrapes: [], bundleBytes: undefined })
  console.log(`${timingTable('call', calls)}\n\n${barsTable(bars)}`)
  const farBeyond = bars.filter(isFarBeyond)
  for (const { what } of farBeyond) console.error(`\nMore than three times what it may be: ${what}`)
  return farBeyond.length > 0 ? 1 : 0
}

async function runSome({ cases = Object.keys(callCases) as CallCaseName[], against }: Flags): Promise<void> {
  const other = against === undefined ? undefined : await importCore(against)
  const calls = await timeContenders(await callContenders(other, cases), { rounds: 7, roundMs: 220 })
  console.log(timingTable('call', calls))
}

async function importCore(file: string): Promise<typeof Core> {
  // pnpm starts this in its package's folder, and the file is named from where the command was given.
  const path = resolve(process.env['INIT_CWD'] ?? '.', file)
  return (await import(pathToFileURL(path).href)) as typeof Core
}

async function runAll(rounds: RoundOptions): Promise<void> {
  const all = Object.keys(callCases) as CallCaseName[]
  // Requests wait for the event loop, where other libraries' timers have their turn: they come before there are any.
  const fetches = await timed('fetch', fetchContenders, rounds)
  const requests = await timed('undici', undiciContenders, rounds)
  const calls = await timed('calls', () => callContenders(undefined, all), rounds)
  const telemetry = await timed('telemetry', telemetryContenders, rounds)
  const scrapes = await timed('scrapes', scrapeContenders, rounds)
  const lookups = await timed('lookups', lookupContenders, rounds)
  console.error('idle breakers …')
  const idle = await measureIdleBreakers({ count: 10_000, rounds: 3 })
  const bundles = await measureBundles()
  const bars = barsOf({ calls, scrapes, idle, bundleBytes: bundles[0]?.compressed })
  const report = formatReport({ calls, telemetry, fetches, requests, scrapes, lookups, idle, bundles, bars, ...rounds })
  writeFileSync(fileURLToPath(new URL('../results.md', import.meta.url)), report)
  console.log(report)
  console.log(`${bars.filter(isMet).length} of ${bars.length} bars are met. Written to apps/bench/results.md.`)
}

async function timed(
  what: string,
  start: () => Promise<readonly Contender[]>,
  rounds: RoundOptions,
): Promise<readonly Timing[]> {
  console.error(`${what} …`)
  return timeContenders(await start(), rounds)
}
