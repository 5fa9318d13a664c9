import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterEach, expect, test, vi } from 'vitest'
import { CircuitBreaker, type Clock, CircuitTimeoutError } from '@switchgear/core'

const run = promisify(execFile)

afterEach(() => vi.unstubAllGlobals())

const never = (): Promise<never> => new Promise(() => {})

/** Runs a program of its own, so that its end is that of the process. */
async function runProgram(program: string): Promise<string> {
  const { stdout } = await run(
    process.execPath,
    ['--conditions=@switchgear/source', '--input-type=module', '--eval', program],
    { cwd: import.meta.dirname },
  )
  return stdout
}

/** A clock whose timers only say what is asked of them. */
function loggingClock(): { clock: Clock; log: unknown[]; fire: () => void } {
  const log: unknown[] = []
  let now = 0
  let callback = (): void => {}
  const clock: Clock = {
    now: () => now,
    setTimer: (given, ms) => {
      log.push(ms)
      callback = (): void => {
        now += ms
        given()
      }
      return { cancel: () => log.push('cancel'), keepAlive: (alive) => log.push(alive ? 'ref' : 'unref') }
    },
  }
  return { clock, log, fire: () => callback() }
}

test('the timer keeps the process alive only while there are calls to wait for', async () => {
  const { clock, log } = loggingClock()
  const breaker = new CircuitBreaker('payments', { clock, timeoutMs: 100 })

  await breaker.execute(async () => 1)
  expect(log).toEqual([100, 'unref'])

  await Promise.all([breaker.execute(async () => 1), breaker.execute(async () => 2)])
  expect(log).toEqual([100, 'unref', 'ref', 'unref'])
})

test('a timer that fires early or for a call that has ended is set again for the next one', async () => {
  const { clock, log, fire } = loggingClock()
  const breaker = new CircuitBreaker('payments', { clock, timeoutMs: 100 })
  await breaker.execute(async () => 1)
  fire()
  const call = breaker.execute(never)
  expect(log).toEqual([100, 'unref', 100])

  fire()

  await expect(call).rejects.toBeInstanceOf(CircuitTimeoutError)
})

test('a limit on the platform timer ends a call', async () => {
  const breaker = new CircuitBreaker('payments', { timeoutMs: 1 })

  await expect(breaker.execute(never)).rejects.toBeInstanceOf(CircuitTimeoutError)
})

test('where timers are plain numbers, as in browsers, limits work too', async () => {
  const callbacks: (() => void)[] = []
  vi.stubGlobal('setTimeout', (callback: () => void) => callbacks.push(callback))
  let now = 0
  const breaker = new CircuitBreaker('payments', { timeoutMs: 5, clock: { now: () => now } })

  expect(await breaker.execute(async () => 1)).toBe(1)
  const call = breaker.execute(never)
  now = 5
  callbacks[0]?.()

  await expect(call).rejects.toBeInstanceOf(CircuitTimeoutError)
})

test('a process whose calls have ended exits, though a limit of an hour was set', async () => {
  const output = await runProgram(`
    import { CircuitBreaker } from '@switchgear/core'
    const breaker = new CircuitBreaker('payments', { timeoutMs: 3_600_000 })
    console.log(await breaker.execute(async () => 'done'))
  `)

  expect(output).toBe('done\n')
})

test('a process with a call in flight lives until its limit is over, though nothing else keeps it alive', async () => {
  const output = await runProgram(`
    import { CircuitBreaker } from '@switchgear/core'
    const breaker = new CircuitBreaker('payments', { timeoutMs: 20 })
    await breaker.execute(async () => 'first')
    await breaker.execute(() => new Promise(() => {})).catch((error) => console.log(error.code))
  `)

  expect(output).toBe('ERR_CIRCUIT_TIMEOUT\n')
})
