import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { CircuitBreaker, CircuitBreakerRegistry } from '@switchgear/core'
import { ManualClock } from '@switchgear/core/testing'
import { breakerInterceptor } from '@switchgear/adapters/undici'
import { answer, HeldReply, neverAnswer, OpenBody } from '@switchgear/testkit'
import type { Dispatcher } from 'undici'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { rejection } from '../rejection.ts'
import { verdicts } from '../verdicts.ts'
import { guard, versions } from './guard.ts'

const failure = { success: 0, failure: 1, ignored: 0, active: 0 }

describe.each(versions)('%s:', (_version, undici) => {
  test('a request without headers in time is aborted with a CircuitTimeoutError, a failure', async () => {
    const { get, server, clock, breaker } = await guard(undici, { timeoutMs: 1_000 })
    server.always(neverAnswer())
    const call = rejection(get())
    await server.received(1)
    clock.advance(999)
    expect(verdicts(breaker)).toMatchObject({ active: 1 })
    clock.advance(1)
    expect(await call).toMatchObject({ code: 'ERR_CIRCUIT_TIMEOUT', timeoutMs: 1_000, breakerName: breaker.name })
    expect(verdicts(breaker)).toEqual(failure)
    expect(breaker.status().failuresByType).toEqual({ CircuitTimeoutError: 1 })
    await server.drained()
  })

  test('the wait for a connection counts, and a request that gets one later is not sent', async () => {
    const { server, clock, registry } = await guard(undici)
    const held = new HeldReply()
    server.always(held.reply)
    const agent = new undici.Agent({ connections: 1 })
    onTestFinished(() => agent.destroy())
    const dispatcher = agent.compose(breakerInterceptor({ registry, clock, timeoutMs: 1_000, name: 'limited' }))
    const request = { origin: server.url, path: '/', method: 'GET' } as const
    // Goes past the breakers, and keeps the only connection.
    const first = agent.request(request)
    await server.received(1)
    const second = rejection(dispatcher.request(request))
    clock.advance(1_000)
    expect(await second).toMatchObject({ code: 'ERR_CIRCUIT_TIMEOUT' })
    held.release()
    await (await first).body.text()
    // Waits for all that is queued.
    await agent.close()
    expect(server.requests).toHaveLength(1)
    expect(verdicts(registry.keyed('limited').for(server.url))).toEqual(failure)
  })

  test('answers before the answer do not end it', async () => {
    const { get, server, clock } = await guard(undici, { timeoutMs: 1_000 })
    const onInfo = vi.fn<() => void>()
    server.always((_request, response) => response.writeEarlyHints({ link: '</style.css>; rel=preload' }))
    const call = rejection(get({ onInfo }))
    await vi.waitUntil(() => onInfo.mock.calls.length > 0)
    clock.advance(1_000)
    expect(await call).toMatchObject({ code: 'ERR_CIRCUIT_TIMEOUT' })
  })

  test('the handler is told of it once, and of nothing after it', async () => {
    const { dispatcher, server, clock } = await guard(undici, { timeoutMs: 1_000 })
    const held = new HeldReply()
    server.always(held.reply)
    const told: string[] = []
    const handler = new Proxy<Dispatcher.DispatchHandler>(
      {},
      {
        get: (_target, name) =>
          /^on(Re(quest|sponse)(Start|End|Error|Data|Upgrade))$/.test(String(name))
            ? () => void told.push(String(name))
            : undefined,
      },
    )
    dispatcher.dispatch({ origin: server.url, path: '/', method: 'GET' }, handler)
    await server.received(1)
    clock.advance(1_000)
    held.release()
    await server.drained()
    expect(told).toEqual(['onRequestStart', 'onResponseError'])
  })

  test('the body may take longer', async () => {
    const { dispatcher, server, clock, breaker } = await guard(undici, { timeoutMs: 1_000 })
    const open = new OpenBody()
    server.always(open.reply)
    const { body } = await dispatcher.request({ origin: server.url, path: '/', method: 'GET' })
    clock.advance(3_600_000)
    open.end()
    await body.text()
    expect(verdicts(breaker)).toMatchObject({ success: 1, failure: 0 })
  })

  test.each([
    ['an answer', answer()],
    ['a failure', answer({ status: 503 })],
  ])('%s leaves no timer', async (_what, reply) => {
    const { get, server, clock } = await guard(undici, { timeoutMs: 1_000 })
    server.always(reply)
    await get()
    expect(clock.timers).toBe(0)
  })

  test('a rejection, a refused connection and a request that undici refuses leave no timer', async () => {
    const { get, clock, breaker } = await guard(undici, { timeoutMs: 1_000 })
    await rejection(get({ origin: `http://127.0.0.1:${await closedPort()}` }))
    await rejection(get({ path: 'no path' }))
    breaker.trip({ reason: 'test' })
    await rejection(get())
    expect(clock.timers).toBe(0)
  })

  test('without timeoutMs the registry may have one', async () => {
    const clock = new ManualClock()
    const registry = new CircuitBreakerRegistry({ clock, defaults: { timeoutMs: 500 } })
    const { get, server } = await guard(undici, { registry, clock })
    server.always(neverAnswer())
    const call = rejection(get())
    await server.received(1)
    clock.advance(500)
    expect(await call).toMatchObject({ code: 'ERR_CIRCUIT_TIMEOUT', timeoutMs: 500 })
  })

  test("callerTimeout: 'ignored' leaves the caller's deadlines out, and not the interceptor's own", async () => {
    const { get, server, clock, breaker } = await guard(undici, { timeoutMs: 1_000, callerTimeout: 'ignored' })
    server.always(neverAnswer())
    const outer = new CircuitBreaker('outer', { timeoutMs: 500, clock })
    const call = rejection(outer.execute(({ signal }) => get({ signal })))
    await server.received(1)
    clock.advance(500)
    await call
    await server.drained()
    expect(verdicts(breaker)).toEqual({ success: 0, failure: 0, ignored: 1, active: 0 })
    const late = rejection(get())
    await server.received(2)
    clock.advance(1_000)
    await late
    expect(verdicts(breaker)).toMatchObject({ failure: 1 })
  })
})

/** A port on which nobody listens. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
