import type { Frame } from './frame.ts'
import type { Paint } from './paint.ts'
import { PlainView } from './plain-view.ts'
import { ScreenView } from './screen-view.ts'

export interface LiveView {
  show(frame: Frame): void
  /** Shows that something happened. */
  tell(elapsedMs: number, text: string): void
  /** Leaves the terminal as it should be. */
  end(): void
}

/** Redraws in place on a terminal; prints a line per second where that cannot be seen or would fill a log. */
export function createLiveView(stream: NodeJS.WriteStream, paint: Paint, env: NodeJS.ProcessEnv): LiveView {
  const redraws = stream.isTTY && !env['CI'] && env['TERM'] !== 'dumb'
  return redraws ? new ScreenView(stream, paint) : new PlainView(stream, paint)
}
