import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { folder as sdk2Folder } from '@switchgear/otel-sdk-2'
import { nodes } from '@switchgear/node-matrix'
import { build } from 'esbuild'
import { onTestFinished } from 'vitest'

/** A generation of OpenTelemetry: the folder whose `node_modules` has its packages, and the module that starts its SDK. */
export interface Generation {
  readonly folder: string
  readonly startSdk: string
}

const packageFolder = join(import.meta.dirname, '../..')

export const generations: { readonly [K in 'sdk 2' | 'sdk 3']: Generation } = {
  'sdk 2': { folder: sdk2Folder, startSdk: '@switchgear/otel-sdk-2' },
  'sdk 3': { folder: packageFolder, startSdk: './start-sdk-3.ts' },
}

/**
 * Makes one module of code with all that it imports but OpenTelemetry, which is found where the module lies. Node 20 cannot
 * read TypeScript. The module is gone when the test is over.
 */
export async function bundle(code: string, { folder }: Generation): Promise<string> {
  const cache = join(folder, 'node_modules/.cache')
  mkdirSync(cache, { recursive: true })
  const place = mkdtempSync(join(cache, 'program-'))
  onTestFinished(() => rmSync(place, { recursive: true }))
  const outfile = join(place, 'program.mjs')
  await build({
    stdin: { contents: code, resolveDir: import.meta.dirname, loader: 'ts' },
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    conditions: ['@switchgear/source'],
    external: ['@opentelemetry/*'],
  })
  return outfile
}

/** Runs Node of some version to its end. */
export async function run(node: string, ...args: string[]): Promise<{ code: unknown; stdout: string; stderr: string }> {
  const executable = nodes.get(node)
  if (executable === undefined) throw new Error(`there is no ${node}`)
  const child = spawn(executable, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const [[code], stdout, stderr] = await Promise.all([once(child, 'close'), text(child.stdout), text(child.stderr)])
  return { code, stdout, stderr }
}
