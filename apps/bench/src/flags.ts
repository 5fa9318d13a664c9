import { parseArgs } from 'node:util'
import { callCases, type CallCaseName } from './call-cases.ts'

export interface Flags {
  readonly quick: boolean
  readonly help: boolean
  /** A file of another build of the core. */
  readonly against: string | undefined
  readonly cases: CallCaseName[] | undefined
}

/** @throws {TypeError} for a flag or a case that does not exist */
export function parseFlags(args: readonly string[]): Flags {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
      against: { type: 'string' },
      cases: { type: 'string' },
    },
  })
  return {
    quick: values.quick,
    help: values.help,
    against: values.against,
    cases: values.cases?.split(',').map(caseNamed),
  }
}

function caseNamed(name: string): CallCaseName {
  if (!Object.hasOwn(callCases, name)) throw new TypeError(`There is no case '${name}'`)
  return name as CallCaseName
}

export const usage: string = `Usage: npm run bench [-- --quick | --cases CASE,… | --against FILE]

Measures Switchgear as it is published against other circuit breakers, in one process.
Prints tables and writes apps/bench/results.md. Takes about ten minutes.

  --quick         a few seconds: the bars alone; exits with 1 if one is missed by a factor of three; writes nothing
  --cases CASE,…  only these calls; writes nothing
  --against FILE  calls through another build of the core as well, such as that of before a change; writes nothing
  -h, --help      shows this

Cases: ${Object.keys(callCases).join(', ')}`
