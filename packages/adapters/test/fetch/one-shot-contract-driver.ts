import { breakerFetch } from '@switchgear/adapters/fetch'
import type { ContractDriver } from '@switchgear/testkit/adapter-contract'

/** Bodies that can be read once, through the retries: they are sent once. */
export const driver: ContractDriver = {
  name: 'fetch with retries of one-shot bodies',
  connect({ server, registry, options }) {
    let vendorResult: Response | undefined
    const guarded = breakerFetch({
      ...options,
      registry,
      retry: true,
      fetch: async (...request) => (vendorResult = await fetch(...request)),
    })
    return {
      breaker: registry.keyed('fetch').for(server.url),
      async call({ signal } = {}) {
        const body = new Blob(['once']).stream()
        const response = await guarded(server.url, { method: 'PUT', body, duplex: 'half', signal: signal ?? null })
        await response.text()
        return response
      },
      get vendorResult() {
        return vendorResult
      },
    }
  },
}
