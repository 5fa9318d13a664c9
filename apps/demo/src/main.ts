import { parseFlags, usage } from './flags.ts'
import { runDemo } from './run-demo.ts'
import { DemoError, UsageError } from './demo-error.ts'

// npm, a shell and a terminal may each pass on the same Ctrl-C; somebody who presses it again means it.
const repeatMs = 1_000

const exitCode = await main(process.argv.slice(2))
// Not by itself: traces that reach nobody would keep it alive for long. And not before all is printed.
process.stdout.write('', () => process.exit(exitCode))

async function main(args: readonly string[]): Promise<number> {
  try {
    const { help, once } = parseFlags(args)
    if (help) {
      console.log(usage)
      return 0
    }
    const signal = AbortSignal.any([whenSignalled(), whenUnread(process.stdout)])
    const result = await runDemo({ once, stream: process.stdout, env: process.env, signal, skips: countSkips() })
    // Without --once an interruption is the way to end it. With it, nothing was proven.
    return { kept: 0, broken: 1, interrupted: once ? 130 : 0 }[result]
  } catch (error) {
    if (!(error instanceof DemoError)) throw error
    const misused = error instanceof UsageError
    console.error(misused ? `${error.message}\n\n${usage}` : error.message)
    return misused ? 2 : 1
  }
}

/** Aborts when nobody reads a stream any more, as `head` does when it has enough. */
function whenUnread(stream: NodeJS.WriteStream): AbortSignal {
  const controller = new AbortController()
  stream.on('error', () => controller.abort())
  return controller.signal
}

function countSkips(): () => number {
  let skips = 0
  process.on('SIGUSR2', () => skips++)
  return () => skips
}

function whenSignalled(): AbortSignal {
  const controller = new AbortController()
  let firstAt: number | undefined
  const onSignal = (): void => {
    firstAt ??= performance.now()
    if (performance.now() - firstAt > repeatMs) process.exit(130)
    controller.abort()
  }
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, onSignal)
  return controller.signal
}
