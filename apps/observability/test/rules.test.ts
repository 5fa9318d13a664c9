import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'

const home = join(import.meta.dirname, '..')
const read = (path: string): string => readFileSync(join(home, path), 'utf8')

const rules = read('prometheus/circuit-breaker.rules.yml')
const alerts = [...new Set(allOf(rules, /- alert: (\w+)/g))]
const withoutExtension = (file: string): string => file.replace(/\.\w+$/, '')

test('every alert has cases, and there are no others', () => {
  expect(readdirSync(join(home, 'prometheus/tests')).map(withoutExtension).toSorted()).toEqual(alerts.toSorted())
})

test('every alert has a runbook, and there are no others', () => {
  const runbooks = readdirSync(join(home, '../../docs/runbooks')).map(withoutExtension)
  expect(runbooks.toSorted()).toEqual([...alerts, 'README'].toSorted())
  const linked = allOf(rules, /runbook_url: \S+\/docs\/runbooks\/(\w+)\.md$/gm)
  expect(linked).toEqual(allOf(rules, /- alert: (\w+)/g))
})

test('every alert says how bad it is, and leads to a dashboard and to Jaeger', () => {
  for (const rule of rules.split(/^(?= {6}- )/m).filter((text) => text.includes('- alert:'))) {
    expect(rule).toMatch(/severity: (?:page|ticket|info)\n/)
    expect(rule).toMatch(/dashboard_url: '\{\{ \$externalLabels\.grafana_url }}\/d\/switchgear-\w+\?/)
    expect(rule).toMatch(/jaeger_url: '\{\{ \$externalLabels\.jaeger_url }}\/search\?service=/)
  }
})

test('rules read only metrics whose names are the same by all ways to Prometheus', () => {
  // A collector would call these circuit_breaker_state_time_seconds_total and circuit_breaker_call_duration_seconds.
  expect(rules).not.toMatch(/circuit_breaker_(?:state_time|call_duration)/)
})

describe('Alertmanager', () => {
  const config = read('alertmanager/alertmanager.yml')

  test('knows the alerts that it inhibits, and those that inhibit', () => {
    const named = allOf(config, /alertname=~?"([^"]+)"/g).flatMap((name) => {
      const [, prefix = '', ends] = /^(\w+)\((.+)\)$/.exec(name) ?? []
      return ends === undefined ? [name] : ends.split('|').map((end) => prefix + end)
    })
    expect(named.length).toBeGreaterThan(8)
    expect(alerts).toEqual(expect.arrayContaining(named))
  })

  test('is told by Prometheus only what an alert is about', () => {
    const prometheus = read('prometheus/prometheus.yml')
    const external = allOf(prometheus, /^ {4}(\w+_url):/gm)
    expect(prometheus).toContain(`action: labeldrop, regex: ${external.join('|')} `)
  })
})

function allOf(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map(([, found = '']) => found)
}
