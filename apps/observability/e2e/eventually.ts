import { setTimeout as sleep } from 'node:timers/promises'

const intervalMs = 250

/**
 * Asks again and again until there is an answer.
 *
 * @throws {Error} after the deadline, with what was waited for and what went wrong last
 */
export async function eventually<T>(what: string, ask: () => Promise<T | undefined>, deadlineMs: number): Promise<T> {
  const end = performance.now() + deadlineMs
  for (let reason: unknown; ; await sleep(intervalMs)) {
    try {
      const answer = await ask()
      if (answer !== undefined) return answer
    } catch (error) {
      reason = error
    }
    if (performance.now() > end) throw new Error(`${what}: not within ${deadlineMs / 1000} s`, { cause: reason })
  }
}
