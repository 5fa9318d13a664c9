// What an application on Node does with the packages, with telemetry that goes nowhere.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { breakerFetch } from '@switchgear/adapters/fetch'
import { CircuitBreaker } from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'
import { instrumentCircuitBreakers } from '@switchgear/otel'

using _telemetry = instrumentCircuitBreakers()

const breaker = new CircuitBreaker('payments', { clock: new ManualClock() })
assert.equal(await breaker.execute(({ signal }) => !signal.aborted), true)
assert.equal(breaker.state, 'closed')

const server = createServer((_request, response) => response.setHeader('connection', 'close').end('paid')).listen(
  0,
  '127.0.0.1',
)
await new Promise((resolve) => server.once('listening', resolve))
const response = await breakerFetch()(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
assert.equal(await response.text(), 'paid')
server.close()
