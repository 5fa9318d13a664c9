import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'

/** The file of a dashboard. */
export function render(dashboard: Dashboard): string {
  // The default of the builders would hide links and annotations in a menu.
  const show = (_key: string, value: unknown): unknown => (value === 'inControlsMenu' ? undefined : value)
  return `${JSON.stringify(dashboard, show, 2)}\n`
}
