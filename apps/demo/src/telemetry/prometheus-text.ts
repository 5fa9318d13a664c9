/** One line of what Prometheus is given. */
export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

const samplePattern = /^(?<name>[a-zA-Z_:][\w:]*)(?:\{(?<labels>.*)\})? (?<value>\S+)/
const labelPattern = /(?<label>\w+)="(?<text>(?:[^"\\]|\\.)*)"/g

/** Reads the text format of Prometheus. */
export function parseSamples(text: string): Sample[] {
  return text.split('\n').flatMap((line) => {
    const { name, labels = '', value } = samplePattern.exec(line)?.groups ?? {}
    if (name === undefined) return []
    const pairs = [...labels.matchAll(labelPattern)].map(({ groups }) => [groups?.['label'], groups?.['text']])
    return [{ name, labels: Object.fromEntries(pairs) as Record<string, string>, value: Number(value) }]
  })
}

/** Reads a process's metrics, as Prometheus would. */
export async function scrape(url: string): Promise<Sample[]> {
  const response = await fetch(url, { signal: AbortSignal.timeout(5_000) })
  if (!response.ok) throw new Error(`${url} answered ${response.status}`)
  return parseSamples(await response.text())
}
