import { breakerInterceptor } from '@switchgear/adapters/undici'
import { CircuitBreakerRegistry } from '@switchgear/core'
import { Agent, type Dispatcher, request } from 'undici'
import type { Contender } from '../measure/time-contenders.ts'
import { startLoopbackServer } from './start-loopback-server.ts'

/** Requests by undici to a server on this machine, read to their end. */
export async function undiciContenders(): Promise<Contender[]> {
  const url = await startLoopbackServer()
  const registry = new CircuitBreakerRegistry()
  const contender = (column: string, dispatcher: Dispatcher): Contender => ({
    row: 'request and answer',
    column,
    loop: 'value',
    call: async () => Number(await (await request(url, { dispatcher })).body.text()),
  })
  const plain = breakerInterceptor({ registry, name: 'plain' })
  const limited = breakerInterceptor({ registry, name: 'timeout', timeoutMs: 10_000 })
  return [
    contender('undici', new Agent()),
    contender('breakerInterceptor', new Agent().compose(plain)),
    contender('breakerInterceptor, timeoutMs', new Agent().compose(limited)),
  ]
}
