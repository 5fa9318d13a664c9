import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { dashboards } from '../src/dashboards/dashboards.ts'
import { render } from '../src/render.ts'

interface Sourced {
  readonly datasource?: { readonly uid: string }
}

interface DashboardFile {
  readonly panels: readonly (Sourced & { type: string; title: string; targets?: readonly Sourced[] })[]
  readonly templating: { readonly list: readonly (Sourced & { name: string; type: string })[] }
  readonly annotations: { readonly list: readonly Sourced[] }
}

const folder = join(import.meta.dirname, '../grafana/dashboards')
const names = Object.keys(dashboards)

test('there is a file for each dashboard, and no other', () => {
  expect(readdirSync(folder).toSorted()).toEqual(names.map((name) => `${name}.json`).toSorted())
})

describe.each(names)('the dashboard %s', (name) => {
  const text = readFileSync(join(folder, `${name}.json`), 'utf8')
  const { panels, templating, annotations } = JSON.parse(text) as DashboardFile

  test('is what its code says', () => {
    const rendered = dashboards[name] && render(dashboards[name])
    expect(text, '`pnpm --filter @switchgear/observability run dashboards` writes it again').toBe(rendered)
  })

  test('takes all of its data from the Prometheus that the reader has chosen', () => {
    const queries = [
      ...panels.filter(({ type }) => type !== 'row').flatMap((panel) => [panel, ...(panel.targets ?? [{}])]),
      ...templating.list.filter(({ type }) => type === 'query'),
      ...annotations.list,
    ]
    expect(queries.length).toBeGreaterThan(10)
    expect(new Set(queries.map(({ datasource }) => datasource?.uid))).toEqual(new Set(['${datasource}']))
  })

  test('uses no variable that it does not have', () => {
    const known = templating.list.map((variable) => variable.name)
    // Those that begin with an underscore are Grafana's own.
    const used = [...text.matchAll(/\$\{?(?!_)(?<variable>\w+)/g)].map(({ groups }) => groups?.['variable'])
    expect(known).toEqual(expect.arrayContaining(used))
  })

  test('has a title for each panel, once', () => {
    const titles = panels.map(({ title }) => title)
    expect(titles).toEqual([...new Set(titles)])
  })
})
