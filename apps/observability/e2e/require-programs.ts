import { missingPrograms } from './programs.ts'

/** Runs before all tests: without their servers they fail, and never skip. */
export function setup(): void {
  const missing = missingPrograms()
  if (missing === undefined) return
  console.error(missing)
  // Instead of an error, whose stack would hide what it says.
  process.exit(1)
}
