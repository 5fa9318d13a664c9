import { breakerFetch } from '@switchgear/adapters/fetch'
import type { ContractDriver } from '@switchgear/testkit/adapter-contract'

export const driver: ContractDriver = {
  name: 'fetch',
  connect({ server, registry, options }) {
    let vendorResult: Response | undefined
    const guarded = breakerFetch({
      ...options,
      registry,
      fetch: async (...request) => (vendorResult = await fetch(...request)),
    })
    return {
      breaker: registry.keyed('fetch').for(server.url),
      async call({ signal } = {}) {
        const response = await guarded(server.url, { signal: signal ?? null })
        await response.text()
        return response
      },
      get vendorResult() {
        return vendorResult
      },
    }
  },
}
