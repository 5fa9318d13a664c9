import { parseArgs } from 'node:util'
import { variables } from './settings.ts'
import { UsageError } from './demo-error.ts'

export interface Flags {
  readonly once: boolean
  readonly help: boolean
}

/** @throws {UsageError} for a flag that does not exist */
export function parseFlags(args: readonly string[]): Flags {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { once: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
    })
    return { once: values.once ?? false, help: values.help ?? false }
  } catch (error) {
    // Its first sentence says what is wrong; the rest explains how to pass arguments that begin with a dash.
    const [reason] = (error as Error).message.split('. ')
    throw new UsageError(reason ?? 'The arguments are not understood')
  }
}

const width = Math.max(...variables.map(({ name }) => name.length))

export const usage: string = `Usage: npm run demo [-- --once]

Plays an outage of a payments service, and shows what a circuit breaker makes of it.
Runs in a loop until Ctrl-C.

  --once      plays it once, at speed; exits with 0 only if everything it promises happened
  -h, --help  shows this

Environment:
${variables.map(({ name, about }) => `  ${name.padEnd(width)}  ${about}`).join('\n')}`
