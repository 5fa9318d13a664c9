import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

const folder = join(import.meta.dirname, '../grafana/dashboards')

export interface DashboardQuery {
  /** Where it is: the dashboard, and what in it. */
  readonly where: string
  readonly kind: 'range' | 'instant' | 'labels'
  readonly expr: string
}

interface Dashboard {
  readonly title: string
  readonly panels: readonly { title: string; targets?: readonly { expr: string; instant?: boolean }[] }[]
  readonly templating: { readonly list: readonly { name: string; type: string; query?: unknown }[] }
  readonly annotations: { readonly list: readonly { name: string; expr?: string }[] }
}

/** Every query that Grafana would send for the dashboards: of panels, variables and annotations. */
export function dashboardQueries(): DashboardQuery[] {
  return readdirSync(folder).flatMap((file) => {
    const { title, panels, templating, annotations } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Dashboard
    const inPanels = panels.flatMap((panel) =>
      (panel.targets ?? []).map(({ expr, instant }) => ({
        where: `${title}: panel ${panel.title}`,
        kind: instant ? ('instant' as const) : ('range' as const),
        expr,
      })),
    )
    const inVariables = templating.list
      .filter(({ type }) => type === 'query')
      .map(({ name, query }) => ({ where: `${title}: variable ${name}`, kind: 'labels' as const, expr: String(query) }))
    const inAnnotations = annotations.list.flatMap(({ name, expr }) =>
      expr === undefined ? [] : [{ where: `${title}: annotation ${name}`, kind: 'range' as const, expr }],
    )
    return [...inPanels, ...inVariables, ...inAnnotations]
  })
}

export interface DashboardLink {
  readonly title: string
  readonly url: string
}

/** Every link of the dashboards to Jaeger, once. */
export function dashboardLinks(): DashboardLink[] {
  const links = new Map<string, DashboardLink>()
  for (const file of readdirSync(folder)) {
    JSON.parse(readFileSync(join(folder, file), 'utf8'), (_key, value: Partial<DashboardLink> | null) => {
      const { title = '', url } = value ?? {}
      if (typeof url === 'string' && url.startsWith('${jaeger}')) links.set(url, { title, url })
      return value
    })
  }
  return [...links.values()]
}

/** A query or a link as Grafana sends it, with the values of its variables. */
export function interpolate(text: string, values: Readonly<Record<string, string>>): string {
  const variables = /\$(?:(?<bare>\w+)|\{(?<braced>[\w.]+)(?::percentencode)?\})/g
  return text.replaceAll(variables, (variable, bare?: string, braced?: string) => {
    const value = values[bare ?? braced ?? '']
    if (value === undefined) throw new Error(`Nothing stands for ${variable} in ${text}`)
    return value
  })
}
