import { RateLimitHandler } from '@switchgear/adapters/rate-limit'
import { consecutiveFailures } from '@switchgear/core'
import { answer } from '@switchgear/testkit'
import type { ContractDriver } from '@switchgear/testkit/adapter-contract'

const onlyLimits = 'says nothing of limits'

export const driver: ContractDriver = {
  name: 'rate-limit',
  failure: answer({ status: 429, body: '' }),
  cannot: { timeout: 'the fetch underneath has time limits', reset: onlyLimits, cutBody: onlyLimits },
  connect({ server, registry, options: { timeoutMs: _timeoutMs, ...options } }) {
    let vendorResult: Response | undefined
    const limiter = new RateLimitHandler({
      ...options,
      registry,
      trip: consecutiveFailures(5),
      maxRetries: 0,
      env: {},
      fetch: async (...request) => (vendorResult = await fetch(...request)),
    })
    return {
      breaker: limiter.breakers.for(server.url),
      async call({ signal } = {}) {
        const response = await limiter.fetch(server.url, { signal: signal ?? null })
        await response.text()
        return response
      },
      get vendorResult() {
        return vendorResult
      },
    }
  },
}
