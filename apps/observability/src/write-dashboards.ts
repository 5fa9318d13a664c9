// Writes the dashboards to grafana/dashboards: `pnpm --filter @switchgear/observability run dashboards`.
import { writeFileSync } from 'node:fs'
import { dashboards } from './dashboards/dashboards.ts'
import { render } from './render.ts'

for (const [name, dashboard] of Object.entries(dashboards)) {
  writeFileSync(new URL(`../grafana/dashboards/${name}.json`, import.meta.url), render(dashboard))
}
