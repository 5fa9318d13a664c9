import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runProgram } from './run-program.ts'

const file = join(import.meta.dirname, '../alertmanager/alertmanager.yml')

test('Alertmanager takes its configuration', async () => {
  expect(await runProgram('amtool', 'check-config', file)).toMatchObject({ passed: true })
})

test.each([
  { labels: ['alertname=CircuitBreakerOpenFleetWide', 'severity=page'], receiver: 'pager' },
  { labels: ['alertname=CircuitBreakerOpen', 'severity=ticket'], receiver: 'tickets' },
  { labels: ['alertname=CircuitBreakerNearTrip', 'severity=info'], receiver: 'nobody' },
  { labels: ['alertname=SomethingElse'], receiver: 'nobody' },
])('$receiver is told of $labels', async ({ labels, receiver }) => {
  const { stdout } = await runProgram('amtool', 'config', 'routes', 'test', `--config.file=${file}`, ...labels)
  expect(stdout.trim()).toBe(receiver)
})
