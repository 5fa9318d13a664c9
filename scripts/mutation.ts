// Mutation tests of core: `npm run mutation [-- OPTIONS OF STRYKER]`, and as a guard with `--check`.
// Mutates what has changed since the baseline, which is checked in; `--force` mutates everything. Fails when the score is
// too low, and when a mutant survives that the page of survivors does not name. Without `--check` writes the new baseline.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, brotliDecompressSync } from 'node:zlib'
import { compareWithPage, type Mutant, type MutationReport } from './survivors.ts'

/** What of a report decides which mutants need not be tested again. */
interface Baseline extends MutationReport {
  readonly files: Readonly<Record<string, { readonly source: string; readonly mutants: readonly TestedMutant[] }>>
  readonly testFiles: Readonly<Record<string, unknown>>
}

interface TestedMutant extends Mutant {
  readonly mutatorName: string
  /** Whether it is in code that runs once, as its module is loaded. */
  readonly static?: boolean
  readonly killedBy?: readonly string[]
  readonly coveredBy?: readonly string[]
}

const root = join(import.meta.dirname, '..')
const pageName = 'packages/core/test/mutation/survivors.md'
const baselineFile = join(root, 'packages/core/test/mutation/baseline.json.br')
const reportFile = join(root, 'mutation/incremental.json') // as stryker.config.mjs has it

const isCheck = process.argv.includes('--check')
const options = process.argv.slice(2).filter((option) => option !== '--check')

// What an interrupted run has seen is newer than the baseline, and goes on from there.
if (isCheck || timeOf(reportFile) <= timeOf(baselineFile)) restoreBaseline()
const before = timeOf(reportFile)
const stryker = spawnSync('stryker', ['run', ...options], {
  cwd: root,
  stdio: 'inherit',
  shell: process.platform === 'win32',
})
if (timeOf(reportFile) === before) process.exit(stryker.status || 1) // it said why it did not come to a report

const report = JSON.parse(readFileSync(reportFile, 'utf8')) as Baseline
if (!isCheck) writeBaseline(report)
const { unnamed, killed, gone } = compareWithPage(report, readFileSync(join(root, pageName), 'utf8'))
if (unnamed.length > 0) {
  console.log(`\nThese survive. Kill them by tests, or name them in ${pageName} with the reason:\n`)
  for (const { at, name } of unnamed) console.log(`${at}\n${name}\n`)
}
if (gone.length > 0) console.log(`\n${pageName} names what the code does not have:\n\n${gone.join('\n')}`)
// On a busy machine a test may have timed out: what is killed now may survive next time, and is no failure of the guard.
if (killed.length > 0) console.log(`\n${pageName} names what is killed:\n\n${killed.join('\n')}`)
process.exitCode = stryker.status || Number(unnamed.length + gone.length + (isCheck ? 0 : killed.length) > 0)

function timeOf(file: string): number {
  return existsSync(file) ? statSync(file).mtimeMs : 0
}

function restoreBaseline(): void {
  if (!existsSync(baselineFile)) return
  const { files, ...rest } = JSON.parse(brotliDecompressSync(readFileSync(baselineFile)).toString()) as Baseline
  const known = Object.entries(files).map(([file, { source, mutants }]) => {
    // Which tests reach code that runs as its module is loaded is not known, so who survives there is tested each time; not
    // by the guard, since they take all tests each.
    const isKnown = ({ status, static: isStatic }: TestedMutant): boolean => isCheck || status === 'Killed' || !isStatic
    return [file, { language: 'typescript', source, mutants: mutants.filter(isKnown) }] as const
  })
  mkdirSync(join(reportFile, '..'), { recursive: true })
  writeFileSync(reportFile, JSON.stringify({ files: Object.fromEntries(known), ...rest }))
}

/** Keeps what the next run needs, in an order that does not depend on which mutant was done first. */
function writeBaseline({ files, testFiles }: Baseline): void {
  const kept = Object.entries(files).map(([file, { source, mutants }]) => {
    const inOrder = mutants.map(essence).toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
    return [file, { source, mutants: inOrder }] as const
  })
  const baseline = { files: Object.fromEntries(kept.toSorted(([a], [b]) => (a < b ? -1 : 1))), testFiles }
  writeFileSync(baselineFile, brotliCompressSync(JSON.stringify(baseline)))
}

function essence(mutant: TestedMutant): TestedMutant {
  const { location, mutatorName, replacement, status, static: isStatic = false, killedBy = [], coveredBy = [] } = mutant
  // The tests that covered a mutant matter only where none has killed it: a new one may.
  const tests = status === 'Killed' ? { killedBy } : { coveredBy }
  return { location, mutatorName, replacement, status, ...(isStatic && { static: isStatic }), ...tests }
}
