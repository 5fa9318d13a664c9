import { formatClock } from './format.ts'
import type { Frame } from './frame.ts'
import type { LiveView } from './live-view.ts'
import type { Paint } from './paint.ts'
import { renderFrame } from './render-frame.ts'

const hideCursor = '\u001B[?25l'
const showCursor = '\u001B[?25h'
// A line that is too long is cut by the terminal instead of becoming two.
const noWrap = '\u001B[?7l'
const wrap = '\u001B[?7h'
const clearRestOfLine = '\u001B[K'
const clearBelow = '\u001B[J'
const up = (lines: number): string => (lines > 0 ? `\u001B[${lines}A` : '')

const keptEvents = 20

/** One screen that is drawn over and over at the same place. */
export class ScreenView implements LiveView {
  readonly #stream: NodeJS.WriteStream
  readonly #paint: Paint
  readonly #events: string[] = []
  #drawnLines = 0
  readonly #restore = (): void => void this.#stream.write(wrap + showCursor)

  constructor(stream: NodeJS.WriteStream, paint: Paint) {
    this.#stream = stream
    this.#paint = paint
    // Also when the demo ends by an error: a terminal without a cursor is no place to read one.
    process.once('exit', this.#restore)
  }

  show(frame: Frame): void {
    const { columns, rows } = this.#stream
    const top = renderFrame(frame, this.#paint, columns)
    const room = Math.max(0, rows - top.length - 2)
    const lines = [...top, ...(room > 0 ? this.#events.slice(-room) : [])]
    const text = lines.map((line) => `${line}${clearRestOfLine}\n`).join('')
    this.#stream.write(`${hideCursor}${noWrap}${up(this.#drawnLines)}${text}${clearBelow}${wrap}`)
    this.#drawnLines = lines.length
  }

  tell(elapsedMs: number, text: string): void {
    this.#events.push(` ${this.#paint('dim', formatClock(elapsedMs))}  ${text}`)
    if (this.#events.length > keptEvents) this.#events.shift()
  }

  end(): void {
    process.off('exit', this.#restore)
    this.#restore()
    // It ended before it had begun; what was to be shown says why.
    if (this.#drawnLines === 0) this.#stream.write(this.#events.map((event) => `${event}\n`).join(''))
  }
}
