import { expect, test } from 'vitest'
import { parseSamples } from '../src/telemetry/prometheus-text.ts'

test('reads samples with and without labels, and passes over comments', () => {
  const text = `# HELP circuit_breaker_state Current state
# TYPE circuit_breaker_state gauge
circuit_breaker_state{circuit_breaker_name="payments",circuit_breaker_state="open"} 1
up 0

# no samples
`
  expect(parseSamples(text)).toEqual([
    {
      name: 'circuit_breaker_state',
      labels: { circuit_breaker_name: 'payments', circuit_breaker_state: 'open' },
      value: 1,
    },
    { name: 'up', labels: {}, value: 0 },
  ])
})

test('is not misled by quotes and braces in a label', () => {
  expect(parseSamples(String.raw`m{a="x\"} 7",b="2"} 3`)).toEqual([
    { name: 'm', labels: { a: String.raw`x\"} 7`, b: '2' }, value: 3 },
  ])
})
