// Runs the tests and every other guard, or the guards that are named: `npm run check [-- GUARD…]`.
// A guard is a script of package.json called `check:GUARD`. All run, whatever fails before; the last line counts them.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import manifest from '../package.json' with { type: 'json' }

const guards = new Map([['tests', runTests]])
for (const [name, command] of Object.entries(manifest.scripts)) {
  if (name.startsWith('check:')) guards.set(name.replace('check:', ''), () => runGuard(command))
}

const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !guards.has(name))
if (unknown.length > 0) {
  console.error(`No guard is called ${unknown.join(', ')}. There are: ${[...guards.keys()].join(', ')}.`)
  process.exit(2)
}

const total = { passed: 0, failed: 0, skipped: 0 }
const failures: string[] = []
for (const [name, run] of guards) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  const start = performance.now()
  const { passed, failed, skipped } = run()
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  console.log(`${failed > 0 ? '✗' : '✓'} ${name} ${seconds} s`)
  if (failed > 0) failures.push(name)
  total.passed += passed
  total.failed += failed
  total.skipped += skipped
}
if (failures.length > 0) {
  console.log(`\nFailed: ${failures.join(', ')}. Run one again with \`npm run check -- NAME\`.`)
  process.exitCode = 1
}
console.log(`\n${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}`)

function runTests(): typeof total {
  const folder = mkdtempSync(join(tmpdir(), 'switchgear-'))
  const report = join(folder, 'tests.json')
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile=${report}`]
  const { status } = spawnSync('npm', ['test', '--', ...reporters], { stdio: 'inherit' })
  try {
    const { numPassedTests, numFailedTests, numPendingTests } = JSON.parse(readFileSync(report, 'utf8'))
    // A file that does not load, or an error outside of the tests, is in no count, and fails the run.
    return { passed: numPassedTests, failed: numFailedTests || Number(status !== 0), skipped: numPendingTests }
  } catch {
    return { passed: 0, failed: 1, skipped: 0 }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Prints what the command says only if it fails. */
function runGuard(command: string): typeof total {
  const { status, stdout, stderr } = spawnSync(command, { shell: true, encoding: 'utf8', maxBuffer: Infinity })
  if (status === 0) return { passed: 1, failed: 0, skipped: 0 }
  console.log(`\n$ ${command}\n${stdout}${stderr}`)
  return { passed: 0, failed: 1, skipped: 0 }
}
