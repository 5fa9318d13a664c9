import { AT_ONCE, compileLoop, type Loop, type LoopKind } from './compile-loop.ts'

/** One way to do what a row of a table is about; `column` says whose. */
export interface Contender {
  readonly row: string
  readonly column: string
  readonly loop: LoopKind
  readonly call: () => unknown
  /** Runs a round in a setting of its own, such as with a span active. */
  readonly within?: (run: () => Promise<void>) => Promise<void>
}

/** What one call took, on average of a round. */
export interface Round {
  /** Time that the thread had the processor for. */
  readonly cpuNs: number
  readonly wallNs: number
}

export interface Timing {
  /** Its names alone: all that its calls hold on to is let go. */
  readonly contender: Pick<Contender, 'row' | 'column'>
  readonly rounds: readonly Round[]
}

export interface RoundOptions {
  readonly rounds: number
  /** Processor time of one turn, about. The counter moves in steps of about 0.2 ms, and of 4 ms now and then. */
  readonly roundMs: number
}

/** Measures all of them in rounds: each round has a turn of each, so that what disturbs the machine disturbs all alike. */
export async function timeContenders(
  contenders: readonly Contender[],
  { rounds, roundMs }: RoundOptions,
): Promise<Timing[]> {
  const runners = []
  for (const contender of contenders) runners.push(await prepare(contender, roundMs))
  for (let round = 0; round < rounds; round++) {
    // There and back again: nobody is always after the same one.
    for (const runner of round % 2 === 0 ? runners : runners.toReversed()) await runner.runRound()
  }
  return runners.map(({ contender: { row, column }, rounds: measured }) => ({
    contender: { row, column },
    rounds: measured,
  }))
}

interface Runner {
  readonly contender: Contender
  readonly rounds: Round[]
  readonly runRound: () => Promise<void>
}

/** Warms up until half of a round is filled, which says how many calls a round takes. */
async function prepare(contender: Contender, roundMs: number): Promise<Runner> {
  const run = checked(contender, compileLoop(contender.loop, contender.call))
  const within = contender.within ?? ((runAll) => runAll())
  const unit = contender.loop === 'concurrent' ? AT_ONCE : 1
  let times = unit
  await within(async () => {
    for (let cpuMs = 0; cpuMs < roundMs / 2;) {
      cpuMs = (await stopwatch(() => run(times))).cpuMs
      times *= cpuMs < roundMs / 2 ? 2 : roundMs / cpuMs
      times = Math.ceil(times / unit) * unit
    }
  })
  const rounds: Round[] = []
  const runRound = (): Promise<void> =>
    within(async () => {
      // What was unlearned since the last round is learned again.
      await run(Math.ceil(times / 10 / unit) * unit)
      globalThis.gc?.({ type: 'minor' })
      const { cpuMs, wallMs } = await stopwatch(() => run(times))
      rounds.push({ cpuNs: (cpuMs / times) * 1e6, wallNs: (wallMs / times) * 1e6 })
    })
  return { contender, rounds, runRound }
}

/** Results are used, and a case that does something else than it says is found out. */
function checked({ row, column }: Contender, loop: Loop): (times: number) => Promise<void> {
  return async (times) => {
    const sum = await loop(times)
    if (sum !== times) throw new Error(`${column}, ${row}: ${sum} of ${times} calls came to what they should`)
  }
}

/** Times a piece of work. */
export async function stopwatch(work: () => unknown): Promise<{ readonly cpuMs: number; readonly wallMs: number }> {
  const wallStart = performance.now()
  const cpuStart = process.threadCpuUsage()
  await work()
  const { user, system } = process.threadCpuUsage(cpuStart)
  return { cpuMs: (user + system) / 1000, wallMs: performance.now() - wallStart }
}
