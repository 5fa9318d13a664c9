import { getJson } from './get-json.ts'

export interface JaegerSpan {
  readonly traceID: string
  readonly spanID: string
  readonly operationName: string
  readonly processID: string
  /** In µs since 1970. */
  readonly startTime: number
  /** In µs. */
  readonly duration: number
  readonly references: readonly {
    readonly refType: 'CHILD_OF' | 'FOLLOWS_FROM'
    readonly traceID: string
    readonly spanID: string
  }[]
  readonly tags: readonly { readonly key: string; readonly value: unknown }[]
}

export interface JaegerTrace {
  readonly traceID: string
  readonly spans: readonly JaegerSpan[]
  readonly processes: Readonly<Record<string, { readonly serviceName: string }>>
}

/** The traces that a link to the search page leads to. The API takes the page's parameters, but for `lookback`. */
export async function search(link: string): Promise<readonly JaegerTrace[]> {
  const url = new URL(link)
  if (url.pathname !== '/search') throw new Error(`${link} is no search`)
  url.pathname = '/api/traces'
  return (await getJson<{ data: JaegerTrace[] }>(url)).data
}

export async function traceOf(jaegerUrl: string, traceId: string): Promise<JaegerTrace | undefined> {
  return (await getJson<{ data: JaegerTrace[] }>(`${jaegerUrl}/api/traces/${traceId}`)).data[0]
}

export function servicesOf({ spans, processes }: JaegerTrace): string[] {
  return [...new Set(spans.map(({ processID }) => processes[processID]?.serviceName ?? ''))].toSorted()
}

export function tagOf({ tags }: JaegerSpan, key: string): unknown {
  return tags.find((tag) => tag.key === key)?.value
}

/** The spans that a span points to and is no child of. */
export function linksOf({ references }: JaegerSpan): { traceID: string; spanID: string }[] {
  return references.filter(({ refType }) => refType === 'FOLLOWS_FROM')
}

export function parentOf({ references }: JaegerSpan): string | undefined {
  return references.find(({ refType }) => refType === 'CHILD_OF')?.spanID
}
