import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { nodes } from '@switchgear/node-matrix'
import type { ContractDriver } from '@switchgear/testkit/adapter-contract'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ContractReport } from './run-contract.ts'

// A net for what hangs: a run takes a second or two.
const TIMEOUT_MS = 300_000

const root = join(import.meta.dirname, '..')
const files = globSync('*/*contract-driver.ts', { cwd: import.meta.dirname })

// From here the bundles find the clients, which stay outside of them.
let folder: string

beforeAll(async () => {
  mkdirSync(join(root, 'node_modules/.cache'), { recursive: true })
  folder = mkdtempSync(join(root, 'node_modules/.cache/contract-'))
  await bundleAll()
})

afterAll(() => rmSync(folder, { recursive: true }))

for (const file of files) {
  const { driver } = (await import(join(import.meta.dirname, file))) as { driver: ContractDriver }
  describe.concurrent(`${driver.name} keeps the adapter contract on`, () => {
    for (const [node, executable] of nodes) {
      const isOlder = Number(/\d+/.exec(node)?.[0]) < (driver.oldestNode ?? 20)
      test.skipIf(isOlder)(node, { timeout: TIMEOUT_MS }, async ({ signal }) => {
        const { reports, code, stderr } = await run(executable, file, signal)
        const failed = reports.filter((report) => 'failed' in report)
        const printed = stderr.split('\n').filter((line) => line !== '' && !driver.prints?.test(line))
        expect({ failed, code, printed }).toEqual({ failed: [], code: 0, printed: [] })
        expect(reports.at(-1)).toEqual({ done: true })
      })
    }
  })
}

/** With everything that is written here: Node 20 cannot read TypeScript. */
async function bundleAll(): Promise<void> {
  const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    devDependencies: Record<string, string>
  }
  await build({
    entryPoints: ['run-contract.ts', ...files],
    absWorkingDir: import.meta.dirname,
    outbase: import.meta.dirname,
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    sourcemap: 'inline',
    conditions: ['@switchgear/source'],
    external: Object.keys(devDependencies).filter((name) => !name.startsWith('@switchgear/')),
  })
}

async function run(
  executable: string,
  file: string,
  signal: AbortSignal,
): Promise<{ reports: ContractReport[]; code: number | null; stderr: string }> {
  const args = ['--enable-source-maps', 'run-contract.mjs', `./${file.replace('.ts', '.mjs')}`]
  const child = spawn(executable, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'], signal })
  const [[code], stdout, stderr] = await Promise.all([once(child, 'close'), text(child.stdout), text(child.stderr)])
  const lines = stdout.split('\n').filter((line) => line !== '')
  return { reports: lines.map((line) => JSON.parse(line) as ContractReport), code: code as number | null, stderr }
}
