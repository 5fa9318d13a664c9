import { breakerFetch } from '@switchgear/adapters/fetch'
import { consecutiveFailures, isCircuitOpenError } from '@switchgear/core'
import { openMs, patienceMs } from '../timing.ts'
import { urlFrom } from './downstream.ts'
import { type Reply, serve } from './serve.ts'

const chargesUrl = urlFrom('PAYMENTS_URL', '/charges')

const fetchPayments = breakerFetch({
  key: () => 'payments',
  trip: consecutiveFailures(5),
  timeoutMs: patienceMs,
  openMs,
  halfOpen: { successesToClose: 3, failuresToOpen: 1, maxConcurrent: 2, probeTimeoutMs: openMs },
})

await serve('orders', {
  'POST /orders': async () => {
    try {
      const response = await fetchPayments(chargesUrl, { method: 'POST' })
      await response.body?.cancel()
      return response.ok ? { status: 201, body: { payment: 'paid' } } : unpaid('failed')
    } catch (error) {
      return unpaid(isCircuitOpenError(error) ? 'not_tried' : 'failed')
    }
  },
})

/** An order without a payment is still an order: it is kept, and paid later. So an outage of payments ends here. */
function unpaid(payment: 'failed' | 'not_tried'): Reply {
  return { status: 202, body: { payment } }
}
