import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import { breakerDashboard } from './breaker.ts'
import { overviewDashboard } from './overview.ts'

/** The dashboards, by the name of their file. */
export const dashboards: Readonly<Record<string, Dashboard>> = {
  overview: overviewDashboard().build(),
  breaker: breakerDashboard().build(),
}
