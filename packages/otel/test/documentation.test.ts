import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { failureRate } from '@switchgear/core'
import { instrumentCircuitBreakers } from '@switchgear/otel'
import { createRegistry, succeed } from './drive.ts'
import { Telemetry } from './telemetry.ts'

const readme = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8')
/** The first two cells of each row of the tables whose first cell is code. */
const rows = [...readme.matchAll(/^\| `([^`]+)` +\| +(\S.*?) +\|/gm)].map(([, first, second]) => [first, second])

test('the README has every metric with its unit, and no other', async () => {
  const telemetry = new Telemetry()
  const registry = createRegistry()
  instrumentCircuitBreakers({ registry, ...telemetry.providers, callDuration: true })
  const breaker = registry.get('payments', { trip: failureRate({ threshold: 0.5, window: { calls: 10 } }) })
  succeed(breaker)

  const { metrics } = await telemetry.collect()

  const emitted = metrics.map(({ descriptor: { name, unit } }) => [name, `\`${unit}\``])
  const documented = rows.filter(([name, unit]) => name?.startsWith('circuit_breaker.') && unit?.startsWith('`'))
  expect(Object.fromEntries(documented)).toEqual(Object.fromEntries(emitted))
})

test('the README has every option, and no other', () => {
  let message = ''
  try {
    instrumentCircuitBreakers(JSON.parse('{ "unknown": 1 }'))
  } catch (error) {
    message = String(error)
  }
  const options = message.replace(/.*no option of this name, only /, '').split(', ')

  const documented = rows.map(([name]) => name).filter((name) => /^[a-zA-Z]+$/.test(name ?? ''))
  expect(documented).toEqual(options)
})
