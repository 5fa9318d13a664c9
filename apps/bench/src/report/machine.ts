import { readFileSync } from 'node:fs'
import { availableParallelism, cpus, totalmem } from 'node:os'
import { fileURLToPath } from 'node:url'

/** What the figures depend on besides the code. */
export function describeMachine(): string {
  const { node, v8 } = process.versions
  const model = cpus()[0]?.model.trim() ?? 'unknown processor'
  const memory = Math.round(totalmem() / 2 ** 30)
  return `${model}, ${availableParallelism()} cores, ${memory} GB, ${process.platform} ${process.arch}, Node ${node} (V8 ${v8})`
}

const measured = ['@switchgear/core', 'cockatiel', 'opossum', 'mollitia', 'effect', '@opentelemetry/sdk-metrics']

/** The packages that were measured, as they are installed. */
export function describeVersions(): string {
  return measured.map((name) => `${name} ${versionOf(name)}`).join(', ')
}

function versionOf(name: string): string {
  const manifest = fileURLToPath(new URL(`../../node_modules/${name}/package.json`, import.meta.url))
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version
}
