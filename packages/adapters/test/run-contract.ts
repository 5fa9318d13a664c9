// Runs the contract in a process of its own, on a Node on which vitest does not run: `node run-contract.js <driver's file>`.
// The process then ends by itself, unless the adapter or its client leaves something that keeps it alive.
import { adapterContract, callInEveryWay, type ContractDriver } from '@switchgear/testkit/adapter-contract'

/** What it prints, as lines of JSON: one for each case, and one when all are done. */
export type ContractReport =
  | { readonly case: string; readonly failed?: string; readonly cannot?: string }
  | { readonly done: true }

// Nets for what hangs, far beyond what a busy machine needs.
const CASE_MS = 30_000
const EXIT_MS = 30_000

const { driver } = (await import(process.argv[2] ?? '')) as { driver: ContractDriver }
for (const { name, cannot, run } of adapterContract(driver)) {
  if (cannot === undefined) await tryOut(name, run)
  else report({ case: name, cannot })
}
const last = 'nothing keeps the process alive'
await tryOut(last, () => callInEveryWay(driver))
report({ done: true })
setTimeout(() => giveUp(last, `these do: ${process.getActiveResourcesInfo().join(', ')}`), EXIT_MS).unref()

async function tryOut(name: string, run: () => Promise<void>): Promise<void> {
  const timer = setTimeout(() => giveUp(name, `not over after ${CASE_MS} ms`), CASE_MS)
  try {
    await run()
    report({ case: name })
  } catch (error) {
    report({ case: name, failed: error instanceof Error ? (error.stack ?? error.message) : String(error) })
  } finally {
    clearTimeout(timer)
  }
}

/** What hangs would hang in the cases that follow, too. */
function giveUp(name: string, failed: string): never {
  report({ case: name, failed })
  process.exit(1)
}

function report(line: ContractReport): void {
  console.log(JSON.stringify(line))
}
