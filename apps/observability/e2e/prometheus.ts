import { getJson } from './get-json.ts'

interface Series {
  readonly metric: Readonly<Record<string, string>>
  readonly value?: [time: number, value: string]
  readonly values?: [time: number, value: string][]
}

/** How many series a query gives that have a number. */
export async function countSeries(
  prometheusUrl: string,
  path: 'query' | 'query_range',
  parameters: Readonly<Record<string, string>>,
): Promise<number> {
  const url = `${prometheusUrl}/api/v1/${path}?${new URLSearchParams(parameters).toString()}`
  const { data } = await getJson<{ data: { result: Series[] } }>(url)
  return data.result.filter(({ value, values = [] }) =>
    [...(value ? [value] : []), ...values].some(([, number]) => Number.isFinite(Number(number))),
  ).length
}

/** What `label_values(series, label)` of Grafana asks for. */
export async function labelValues(prometheusUrl: string, call: string): Promise<string[]> {
  const [, series, label] = /^label_values\((.+), (\w+)\)$/s.exec(call) ?? []
  if (series === undefined || label === undefined) throw new Error(`${call} is not understood`)
  const url = `${prometheusUrl}/api/v1/label/${label}/values?${new URLSearchParams({ 'match[]': series }).toString()}`
  return (await getJson<{ data: string[] }>(url)).data
}
