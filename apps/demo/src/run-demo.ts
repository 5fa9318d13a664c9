import { setTimeout as sleep } from 'node:timers/promises'
import { every } from './every.ts'
import { Fleet } from './fleet.ts'
import { LoadGenerator } from './load-generator.ts'
import { Logbook } from './logbook.ts'
import type { ServiceMessage } from './messages.ts'
import { checkPromises } from './promises.ts'
import { type Phase, script } from './scenario.ts'
import { type ServiceName, type Settings, readSettings, serviceNames } from './settings.ts'
import { scrape } from './telemetry/prometheus-text.ts'
import { startTelemetry } from './telemetry/start-telemetry.ts'
import { type LiveView, createLiveView } from './view/live-view.ts'
import { paintFor } from './view/paint.ts'
import { renderPromises, renderSummary } from './view/summary.ts'

export interface DemoOptions {
  /** Plays the script once, and holds what happened against the promises. */
  readonly once: boolean
  readonly stream: NodeJS.WriteStream
  readonly env: NodeJS.ProcessEnv
  /** Ends the demo, which still prints its summary. */
  readonly signal: AbortSignal
  /** How often somebody wished that the phase that is on were over. */
  readonly skips?: () => number
}

interface Stage {
  readonly fleet: Fleet
  readonly logbook: Logbook
  readonly view: LiveView
  readonly phases: readonly Phase[]
  readonly skips: () => number
}

const checkoutsPerSecond = 25
const drawMs = 200
const scrapeMs = 500
const pollMs = 50

/** Starts the services, plays the script on them and prints what came of it. */
export async function runDemo(options: DemoOptions): Promise<'kept' | 'broken' | 'interrupted'> {
  const { once, stream, env, skips = () => 0 } = options
  const settings = readSettings(env)
  const paint = paintFor(stream)
  const phases = script({ once, downSeconds: settings.downSeconds })
  const logbook = new Logbook()
  const view = createLiveView(stream, paint, env)
  const tell = (news: string): void => view.tell(logbook.elapsedMs, news)
  const telemetry = startTelemetry({
    service: 'load-generator',
    otlpEndpoint: settings.otlpEndpoint,
    onSpans: (spans) => logbook.traces.add(spans),
    onWarning: tell,
  })

  const lost = new AbortController()
  const over = AbortSignal.any([options.signal, lost.signal])
  try {
    await using fleet = await Fleet.start({
      metricsHost: settings.metricsHost,
      onMessage: (service, message) => {
        logbook.heard(service, message)
        const news = newsIn(service, message)
        if (news !== undefined) tell(news)
      },
      onPrinted: (service, line) => tell(`${service}: ${line}`),
      onLost: (error) => lost.abort(error),
    })
    print(stream, introduce(fleet, settings))
    await play({ fleet, logbook, view, phases, skips }, once, over)
    await scrapeAll(fleet, logbook)
    view.show(logbook.frame())
  } finally {
    view.end()
    await telemetry.shutdown()
  }
  lost.signal.throwIfAborted()

  const evidence = logbook.evidence()
  print(stream, renderSummary(evidence, paint))
  if (options.signal.aborted) return 'interrupted'
  const checks = checkPromises(evidence)
  print(stream, renderPromises(checks, paint))
  return checks.every(({ kept }) => kept) ? 'kept' : 'broken'
}

/** Plays the script once, or over and over, while users check out and the terminal shows how they fare. */
async function play(stage: Stage, once: boolean, signal: AbortSignal): Promise<void> {
  const { fleet, logbook, view } = stage
  logbook.start()
  const load = new LoadGenerator({
    url: `${fleet.url('storefront')}/checkout`,
    perSecond: checkoutsPerSecond,
    onCheckout: () => logbook.beginCheckout(),
  })
  const draw = (): void => view.show(logbook.frame())
  using _frames = every(drawMs, draw)
  using _seconds = every(1_000, () => {
    logbook.endSecond()
    draw()
  })
  using _scrapes = every(scrapeMs, () => void scrapeAll(fleet, logbook))
  for (;;) {
    logbook.beginRound()
    await playRound(stage, signal)
    if (once || signal.aborted) break
  }
  await load.stop()
}

async function playRound({ fleet, logbook, view, phases, skips }: Stage, signal: AbortSignal): Promise<void> {
  for (const phase of phases) {
    fleet.setPayments(phase.condition)
    logbook.beginPhase(phase)
    view.tell(logbook.elapsedMs, phase.about)
    const skipsBefore = skips()
    const goesOn = (): boolean => skips() === skipsBefore && !phase.isOver(logbook.progress())
    while (!signal.aborted && goesOn()) await sleep(pollMs)
    if (signal.aborted) return
  }
}

/** Reads all metrics as Prometheus would. A service that does not answer is missing in the evidence, which says enough. */
async function scrapeAll(fleet: Fleet, logbook: Logbook): Promise<void> {
  await Promise.allSettled(
    serviceNames.map(async (name) => logbook.scraped(name, await scrape(fleet.metricsUrl(name)))),
  )
}

function introduce(fleet: Fleet, { otlpEndpoint }: Settings): string[] {
  return [
    'Metrics for Prometheus',
    ...serviceNames.toReversed().map((name) => `  ${name.padEnd(10)}  ${fleet.metricsUrl(name)}`),
    otlpEndpoint
      ? `Traces go to ${otlpEndpoint}`
      : 'Traces are kept in memory; OTEL_EXPORTER_OTLP_ENDPOINT sends them on, such as to Jaeger',
    '',
  ]
}

function newsIn(service: ServiceName, message: ServiceMessage): string | undefined {
  if (message.type === 'warning') return `${service}: ${message.message}`
  if (message.type !== 'transition') return undefined
  const { breaker, from, to, trigger } = message.transition
  return `breaker ${breaker}: ${from} → ${to}, by ${trigger}`
}

function print(stream: NodeJS.WriteStream, lines: readonly string[]): void {
  stream.write(lines.map((line) => `${line}\n`).join(''))
}
