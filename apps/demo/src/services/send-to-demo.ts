import type { ServiceMessage } from '../messages.ts'

/** Sends a message to the process that started this one, if that still listens. */
export function sendToDemo(message: ServiceMessage): void {
  // With a callback, a channel that closes meanwhile is not an uncaught error.
  if (process.connected) process.send?.(message, () => {})
}
