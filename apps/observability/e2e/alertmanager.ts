import { getJson } from './get-json.ts'

export interface ActiveAlert {
  readonly fingerprint: string
  readonly labels: Readonly<Record<string, string>>
  readonly status: { readonly state: 'active' | 'suppressed' | 'unprocessed'; readonly inhibitedBy: readonly string[] }
}

/** The alerts of a name and a job that Alertmanager has. */
export async function activeAlerts(alertmanagerUrl: string, alertname: string, job: string): Promise<ActiveAlert[]> {
  const filter = new URLSearchParams([
    ['filter', `alertname="${alertname}"`],
    ['filter', `job="${job}"`],
  ])
  return await getJson<ActiveAlert[]>(`${alertmanagerUrl}/api/v2/alerts?${filter.toString()}`)
}
