import { missingPrograms } from './programs.ts'

/** Runs before all tests: they fail without their servers, and never skip. */
export function setup(): void {
  const missing = missingPrograms()
  if (missing !== undefined) throw new Error(missing)
}
