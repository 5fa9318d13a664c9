import { formatClock } from './format.ts'
import type { Frame } from './frame.ts'
import type { LiveView } from './live-view.ts'
import type { Paint } from './paint.ts'

/** A line for each second and for each thing that happens. */
export class PlainView implements LiveView {
  readonly #stream: NodeJS.WritableStream
  readonly #paint: Paint
  #shownMs = 0

  constructor(stream: NodeJS.WritableStream, paint: Paint) {
    this.#stream = stream
    this.#paint = paint
  }

  show({ seconds }: Frame): void {
    for (const second of seconds) {
      if (second.elapsedMs <= this.#shownMs) continue
      this.#shownMs = second.elapsedMs
      const { counts } = second
      const parts = [
        formatClock(second.elapsedMs),
        `payments ${second.condition.padEnd(7)}`,
        `breaker ${second.breaker.padEnd(9)}`,
        `${second.perSecond.toFixed(0).padStart(3)} req/s`,
        `paid ${String(counts.paid).padStart(3)}`,
        `failed slowly ${String(counts.failed_slowly).padStart(3)}`,
        `failed fast ${String(counts.failed_fast).padStart(3)}`,
        ...(counts.lost > 0 ? [`lost ${counts.lost}`] : []),
      ]
      this.#print(parts.join('  '))
    }
  }

  tell(elapsedMs: number, text: string): void {
    this.#print(`${formatClock(elapsedMs)}  ${this.#paint('bold', `── ${text}`)}`)
  }

  end(): void {}

  #print(line: string): void {
    this.#stream.write(`${line}\n`)
  }
}
