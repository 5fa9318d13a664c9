import { breakerFetch } from '@switchgear/adapters/fetch'
import { CircuitBreakerRegistry } from '@switchgear/core'
import type { Contender } from '../measure/time-contenders.ts'
import { startLoopbackServer } from './start-loopback-server.ts'

/** Requests to a server on this machine, read to their end. */
export async function fetchContenders(): Promise<Contender[]> {
  const url = await startLoopbackServer()
  const registry = new CircuitBreakerRegistry()
  const request = (column: string, fetch: typeof globalThis.fetch): Contender => ({
    row: 'request and answer',
    column,
    loop: 'value',
    call: async () => Number(await (await fetch(url)).text()),
  })
  return [
    request('fetch', globalThis.fetch),
    request('breakerFetch', breakerFetch({ registry, name: 'plain' })),
    request('breakerFetch, timeoutMs', breakerFetch({ registry, name: 'timeout', timeoutMs: 10_000 })),
  ]
}
