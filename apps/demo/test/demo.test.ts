import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { RunningDemo } from './running-demo.ts'

let demo: RunningDemo | undefined

afterEach(() => demo?.kill('SIGKILL', { group: true }))

test.each(['SIGINT', 'SIGTERM'] as const)(
  'on %s it stops its services, sums up and ends well',
  { timeout: 60_000 },
  async (signal) => {
    demo = new RunningDemo([])
    await demo.says('paid ')
    const metricsUrls = [...demo.output.matchAll(/http:\S+\/metrics/g)].map(([url]) => url)
    expect(metricsUrls).toHaveLength(3)
    expect(await answers(metricsUrls)).toEqual([true, true, true])

    // Ctrl-C reaches the whole group, and what started the demo may pass it on once more.
    demo.kill(signal, { group: true })
    demo.kill(signal)
    expect(await demo.exitCode(), demo.output).toBe(0)
    expect(demo.output).toContain('How long a checkout took')
    expect(await answers(metricsUrls)).toEqual([false, false, false])
  },
)

test('on SIGUSR2 it goes on to the next phase', { timeout: 60_000 }, async () => {
  demo = new RunningDemo([], { DEMO_DOWN_SECONDS: '3600' })
  for (const about of ['paid ', 'turns slow', 'goes down']) {
    await demo.says(about)
    demo.kill('SIGUSR2')
  }
  await demo.says('healthy again')
  demo.kill('SIGINT')
  expect(await demo.exitCode(), demo.output).toBe(0)
})

test('when it is killed, its services end too', { timeout: 60_000 }, async () => {
  demo = new RunningDemo([])
  await demo.says('paid ')
  const metricsUrls = [...demo.output.matchAll(/http:\S+\/metrics/g)].map(([url]) => url)
  demo.kill('SIGKILL')
  // Their output is the demo's no more, but their ends of its pipes close when they do.
  await expect.poll(() => answers(metricsUrls), { timeout: 20_000 }).toEqual([false, false, false])
})

test('when nobody reads its output any more, it ends without a word', { timeout: 60_000 }, async () => {
  demo = new RunningDemo([])
  await demo.says('paid ')
  demo.stopReading()
  expect(await demo.exitCode(), demo.output).toBe(0)
  expect(demo.output).not.toMatch(/EPIPE|^ +at /m)
})

test('names the variable when a port is taken', { timeout: 60_000 }, async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const { port } = other.address() as AddressInfo
  try {
    demo = new RunningDemo(['--once'], { DEMO_ORDERS_METRICS_PORT: String(port) })
    expect(await demo.exitCode()).toBe(1)
    expect(demo.output).toContain(`No port ${port} for the metrics of orders: something else listens there.`)
    expect(demo.output).toContain('Set DEMO_ORDERS_METRICS_PORT to another port, or to 0')
    expect(demo.output).not.toMatch(/^ +at /m)
  } finally {
    other.close()
  }
})

test('explains itself, and what it does not understand', { timeout: 60_000 }, async () => {
  demo = new RunningDemo(['--help'])
  expect(await demo.exitCode()).toBe(0)
  expect(demo.output).toContain('Usage: npm run demo')

  demo = new RunningDemo(['--twice'])
  expect(await demo.exitCode()).toBe(2)
  expect(demo.output).toContain("Unknown option '--twice'")
  expect(demo.output).toContain('Usage: npm run demo')

  demo = new RunningDemo([], { DEMO_ORDERS_METRICS_PORT: 'nine' })
  expect(await demo.exitCode()).toBe(2)
  expect(demo.output).toContain('DEMO_ORDERS_METRICS_PORT is "nine"')
})

function answers(urls: readonly string[]): Promise<boolean[]> {
  return Promise.all(
    urls.map((url) =>
      fetch(url)
        .then(({ ok }) => ok)
        .catch(() => false),
    ),
  )
}
