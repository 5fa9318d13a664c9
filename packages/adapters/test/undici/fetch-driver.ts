import { breakerInterceptor } from '@switchgear/adapters/undici'
import type { ContractDriver } from '@switchgear/testkit/adapter-contract'
import type * as undici from 'undici'

/** Drives the interceptor under Node's own fetch, with the global dispatcher of a version of undici. */
export function fetchDriver(
  name: string,
  {
    Agent,
    getGlobalDispatcher,
    setGlobalDispatcher,
  }: Pick<typeof undici, 'Agent' | 'getGlobalDispatcher' | 'setGlobalDispatcher'>,
  oldestNode: number,
): ContractDriver {
  return {
    name,
    oldestNode,
    cannot: { result: 'fetch makes its Response of the parts that it is given' },
    connect({ server, registry, options }) {
      const agent = new Agent()
      const before = getGlobalDispatcher()
      setGlobalDispatcher(agent.compose(breakerInterceptor({ ...options, registry })))
      return {
        breaker: registry.keyed('undici').for(server.url),
        async call({ signal } = {}) {
          const response = await fetch(server.url, { signal: signal ?? null })
          return response.text()
        },
        vendorResult: undefined,
        async close() {
          setGlobalDispatcher(before)
          await agent.close()
        },
      }
    },
  }
}
