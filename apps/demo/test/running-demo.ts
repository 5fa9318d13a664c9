import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url))

// Free ports, so that the demo may run beside its test.
const ports = { DEMO_STOREFRONT_METRICS_PORT: '0', DEMO_ORDERS_METRICS_PORT: '0', DEMO_PAYMENTS_METRICS_PORT: '0' }

/** The demo, as a process of its own. */
export class RunningDemo {
  readonly #child: ChildProcessByStdio<null, Readable, Readable>
  output = ''

  constructor(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    // A terminal that sends Ctrl-C to a group of processes, or a test that does, must not reach the ones of the tests.
    this.#child = spawn(process.execPath, ['--conditions=@switchgear/source', main, ...args], {
      env: { ...process.env, ...ports, OTEL_EXPORTER_OTLP_ENDPOINT: '', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => (this.output += text))
    }
  }

  /** Waits for a text in its output. */
  async says(text: string): Promise<void> {
    while (!this.output.includes(text)) {
      if (this.#child.exitCode !== null) throw new Error(`it ended without saying "${text}":\n${this.output}`)
      await Promise.race([once(this.#child.stdout, 'data'), once(this.#child, 'close')])
    }
  }

  /** Its exit code; its output is complete then. */
  async exitCode(): Promise<number | null> {
    if (this.#child.exitCode === null || !this.#child.stdout.closed) await once(this.#child, 'close')
    return this.#child.exitCode
  }

  /** Closes the pipe that its output goes to. */
  stopReading(): void {
    this.#child.stdout.destroy()
  }

  kill(signal: NodeJS.Signals, { group = false } = {}): void {
    const { pid } = this.#child
    if (pid === undefined) return
    try {
      process.kill(group ? -pid : pid, signal)
    } catch {
      // It has ended.
    }
  }
}
