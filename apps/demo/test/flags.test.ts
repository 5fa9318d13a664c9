import { expect, test } from 'vitest'
import { UsageError } from '../src/demo-error.ts'
import { parseFlags, usage } from '../src/flags.ts'

test('plays in a loop unless it is told otherwise', () => {
  expect(parseFlags([])).toEqual({ once: false, help: false })
})

test('knows --once, --help and -h', () => {
  expect(parseFlags(['--once'])).toEqual({ once: true, help: false })
  expect(parseFlags(['--help'])).toEqual({ once: false, help: true })
  expect(parseFlags(['-h'])).toEqual({ once: false, help: true })
})

test.each(['--onec', '-o', 'once', '--once=yes'])('refuses %s', (flag) => {
  expect(() => parseFlags([flag])).toThrow(UsageError)
})

test('names a flag that it does not know', () => {
  expect(() => parseFlags(['--onec'])).toThrow("Unknown option '--onec'")
})

test('has every variable in its usage', () => {
  expect(usage).toMatch(/DEMO_STOREFRONT_METRICS_PORT .*9464/)
  expect(usage).toMatch(/DEMO_ORDERS_METRICS_PORT .*9465/)
  expect(usage).toMatch(/DEMO_PAYMENTS_METRICS_PORT .*9466/)
  for (const name of ['DEMO_STOREFRONT_PORT', 'DEMO_ORDERS_PORT', 'DEMO_PAYMENTS_PORT', 'NO_COLOR']) {
    expect(usage).toContain(name)
  }
})
