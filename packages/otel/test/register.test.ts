import { expect, test, vi } from 'vitest'
import { type Generation, bundle, generations, run } from './programs/run-program.ts'

// Several processes, one after the other, on a machine that may be busy.
vi.setConfig({ testTimeout: 90_000 })

const registerOf = (generation: Generation): Promise<string> => bundle(`import '@switchgear/otel/register'`, generation)
const sdkOf = (generation: Generation): Promise<string> =>
  bundle(
    `import { running } from './app.ts'
     import { startSdk } from '${generation.startSdk}'
     running.sdk = startSdk()`,
    generation,
  )
const appOf = (generation: Generation): Promise<string> =>
  bundle(
    `import { runApp } from './app.ts'
     import { startSdk } from '${generation.startSdk}'
     await runApp(startSdk)`,
    generation,
  )

test.each([
  ['sdk 2', 'node20'],
  ['sdk 3', 'node24'],
] as const)('with %s on %s, the SDK may be started before it, after it, or by the application', async (name, node) => {
  const generation = generations[name]
  const [register, sdk, app] = await Promise.all([registerOf(generation), sdkOf(generation), appOf(generation)])
  const runWith = async (...modules: string[]): Promise<unknown> => {
    const { code, stdout, stderr } = await run(node, ...modules.map((module) => `--import=${module}`), app)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    return JSON.parse(stdout)
  }

  expect(await runWith(sdk, register)).toEqual({ transitions: 2, spans: ['open', 'closed', 'open'] })
  expect(await runWith(register, sdk)).toEqual({ transitions: 2, spans: ['open', 'closed', 'open'] })
  // What the breaker counted before is in the metrics; a span that nobody would have taken was not made.
  expect(await runWith(register)).toEqual({ transitions: 2, spans: ['closed', 'open'] })
})

test('without an SDK it says nothing, and keeps no process alive', async () => {
  const register = await registerOf(generations['sdk 3'])

  const { code, stdout, stderr } = await run('node24', `--import=${register}`, '--eval=0')

  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '', stderr: '' })
})

test('disposed of before an SDK is started, it instruments nothing', async () => {
  const program = await bundle(
    `import { setTimeout as sleep } from 'node:timers/promises'
     import { getCircuitBreaker } from '@switchgear/core'
     import { instrumentation } from '@switchgear/otel/register'
     import { scrape } from './sdk.ts'
     import { startSdk } from './start-sdk-3.ts'
     instrumentation[Symbol.dispose]()
     const sdk = startSdk()
     getCircuitBreaker('payments').trip({ reason: 'test' })
     await sleep(50)
     console.log(JSON.stringify([await scrape(sdk), sdk.spans.getFinishedSpans().length]))`,
    generations['sdk 3'],
  )

  const { code, stdout, stderr } = await run('node24', program)

  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(JSON.parse(stdout)).toEqual([[], 0])
})

test('disposed of when it has found the SDK, it stops', async () => {
  const program = await bundle(
    `import { setTimeout as sleep } from 'node:timers/promises'
     import { getCircuitBreaker } from '@switchgear/core'
     import { instrumentation } from '@switchgear/otel/register'
     import { scrape } from './sdk.ts'
     import { startSdk } from './start-sdk-3.ts'
     const sdk = startSdk()
     const breaker = getCircuitBreaker('payments')
     const inState = async () => (await scrape(sdk)).filter((line) => /^circuit_breaker_state{.* 1$/.test(line)).length
     while ((await inState()) === 0) await sleep(5)
     instrumentation[Symbol.dispose]()
     breaker.trip({ reason: 'test' })
     console.log(JSON.stringify([await inState(), await inState(), sdk.spans.getFinishedSpans().length]))`,
    generations['sdk 3'],
  )

  const { code, stdout, stderr } = await run('node24', program)

  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(JSON.parse(stdout)).toEqual([0, 0, 0])
})

test('warns once when the application sets up an older API than the one that is loaded here, whichever comes first', async () => {
  const register = await registerOf(generations['sdk 3'])
  const sdk = await sdkOf(generations['sdk 2'])
  const wait = '--eval=setTimeout(() => {}, 100)'

  for (const order of [
    [register, sdk],
    [sdk, register],
  ]) {
    const { code, stderr } = await run('node24', ...order.map((module) => `--import=${module}`), wait)

    expect(code).toBe(0)
    expect(stderr.match(/switchgear: .*/g)).toEqual([expect.stringContaining('set up with @opentelemetry/api 1.9.1')])
  }
})

test('works where the application sets up a newer copy of the API than the one that is loaded here', async () => {
  const register = await registerOf(generations['sdk 2'])
  const app = await appOf(generations['sdk 3'])

  const { code, stdout, stderr } = await run('node24', `--import=${register}`, app)

  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  // Each copy has tracers of its own: those of the application's are found when its meters are.
  expect(JSON.parse(stdout)).toEqual({ transitions: 2, spans: ['open'] })
})
