import { afterEach, expect, test } from 'vitest'
import { RunningDemo } from './running-demo.ts'

let demo: RunningDemo | undefined

afterEach(() => demo?.kill('SIGKILL', { group: true }))

test('played once, the demo keeps its promises and sums up', { timeout: 90_000 }, async () => {
  demo = new RunningDemo(['--once'])
  expect(await demo.exitCode(), demo.output).toBe(0)
  expect(demo.output).toMatch(/All \d+ promises kept\./)
  expect(demo.output).toMatch(/payments slow +breaker open .* failed fast +\d+/)
  for (const phase of ['healthy', 'slow', 'down', 'healthy again']) {
    expect(demo.output).toMatch(new RegExp(`^  ${phase} +\\d+ .* (ms|s)$`, 'm'))
  }
  expect(demo.output).toMatch(/Never left +\d+ of \d+ calls/)
  expect(demo.output).toMatch(/Recovery +[\d.]+ m?s from when payments was healthy/)
  expect(demo.output).toMatch(/└─ circuit_breaker.reject payments +orders .* ✗ CircuitOpenError/)
  expect(demo.output).toMatch(/↳ linked to circuit_breaker.transition payments \(closed → open\) in orders/)
})
