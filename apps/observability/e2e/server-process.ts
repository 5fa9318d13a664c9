import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { eventually } from './eventually.ts'

export interface ServerProcessOptions {
  readonly name: string
  readonly file: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  /** Answers with a success once it is ready. */
  readonly readyUrl: string
}

const startMs = 60_000
const stopMs = 10_000
const shownOutput = 4_000

/** A program that runs until it is disposed of, or until this process ends. */
export class ServerProcess implements AsyncDisposable {
  readonly #name: string
  readonly #child: ChildProcessByStdio<null, Readable, Readable>
  #output = ''

  private constructor({ name, file, args, env, cwd }: ServerProcessOptions) {
    this.#name = name
    this.#child = spawn(file, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#output = (this.#output + text).slice(-shownOutput)
      })
    }
    const kill = (): void => void this.#child.kill('SIGKILL')
    process.on('exit', kill)
    this.#child.on('exit', () => process.off('exit', kill))
    this.#child.on('error', (error) => (this.#output += error.message))
  }

  /** @throws {Error} with what it printed, if it does not start */
  static async start(options: ServerProcessOptions): Promise<ServerProcess> {
    const server = new ServerProcess(options)
    try {
      await eventually(`${options.name} is ready`, () => server.#isReady(options.readyUrl), startMs)
      return server
    } catch (error) {
      await server[Symbol.asyncDispose]()
      throw new Error(`${(error as Error).message}. It said:\n${server.#output}`, { cause: error })
    }
  }

  send(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#hasEnded) return
    const ended = once(this.#child, 'exit')
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), stopMs)
    this.#child.kill('SIGTERM')
    await ended
    clearTimeout(timer)
  }

  get #hasEnded(): boolean {
    return this.#child.pid === undefined || this.#child.exitCode !== null || this.#child.signalCode !== null
  }

  async #isReady(url: string): Promise<true | undefined> {
    if (this.#hasEnded) throw new Error(`${this.#name} has ended`)
    return (await fetch(url)).ok || undefined
  }
}
