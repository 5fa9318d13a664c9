import type { ManualClock } from '@switchgear/core/testing'

/** Resolves when so many timers are set: when as many requests wait for another try. */
export async function waits(clock: ManualClock, count = 1): Promise<void> {
  while (clock.timers < count) await nextTurn()
}

/** Resolves when the event loop has come round. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(() => setTimeout(resolve, 0), 0)
  })
}
