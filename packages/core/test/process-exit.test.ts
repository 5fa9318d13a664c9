import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const run = promisify(execFile)

/** Runs a program of its own, so that its end is that of the process. */
async function runProgram(program: string): Promise<string> {
  const { stdout } = await run(
    process.execPath,
    ['--conditions=@switchgear/source', '--input-type=module', '--eval', program],
    { cwd: import.meta.dirname },
  )
  return stdout
}

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
