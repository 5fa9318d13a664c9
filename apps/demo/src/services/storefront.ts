import { breakerFetch } from '@switchgear/adapters/fetch'
import { patienceMs } from '../timing.ts'
import { urlFrom } from './downstream.ts'
import { serve } from './serve.ts'

const ordersUrl = urlFrom('ORDERS_URL', '/orders')

// More than orders waits for payments: who waits less than the service it calls calls it broken when it is not.
const fetchOrders = breakerFetch({ key: () => 'orders', timeoutMs: 3 * patienceMs, openMs: 3 * patienceMs })

await serve('storefront', {
  'POST /checkout': async () => {
    try {
      const response = await fetchOrders(ordersUrl, { method: 'POST' })
      return { status: response.status, body: await response.json() }
    } catch {
      return { status: 503, body: { error: 'Orders cannot be placed right now.' } }
    }
  },
})
