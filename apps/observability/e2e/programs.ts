import { accessSync, constants } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'

export type ProgramName = keyof typeof programs

interface Program {
  /** The variable that says where it is. */
  readonly variable: string
  /** What it is called on a PATH, the usual name last. */
  readonly files: readonly string[]
  readonly elsewhere: string
}

const programs = {
  prometheus: {
    variable: 'PROMETHEUS_BIN',
    files: ['prometheus'],
    elsewhere: 'package `prometheus`, or https://prometheus.io/download',
  },
  promtool: {
    variable: 'PROMTOOL_BIN',
    files: ['promtool'],
    elsewhere: 'package `prometheus`, or https://prometheus.io/download',
  },
  alertmanager: {
    variable: 'ALERTMANAGER_BIN',
    files: ['prometheus-alertmanager', 'alertmanager'],
    elsewhere: 'package `prometheus-alertmanager`, or https://prometheus.io/download',
  },
  amtool: {
    variable: 'AMTOOL_BIN',
    files: ['amtool'],
    elsewhere: 'package `prometheus-alertmanager`, or https://prometheus.io/download',
  },
  jaeger: {
    variable: 'JAEGER_BIN',
    files: ['jaeger'],
    elsewhere: 'Jaeger 2 from https://www.jaegertracing.io/download',
  },
} satisfies Record<string, Program>

/**
 * Where a program is: what its variable says, or the first one on the PATH, or the one that was built.
 *
 * @throws {Error} if it is nowhere
 */
export function pathOf(name: ProgramName): string {
  const path = find(name)
  if (path === undefined) throw new Error(`${name} is missing`)
  return path
}

/** Says which programs are missing and how to get them; undefined if all are there. */
export function missingPrograms(): string | undefined {
  const missing = (Object.keys(programs) as ProgramName[]).filter((name) => find(name) === undefined)
  if (missing.length === 0) return undefined
  return `These tests run real servers, and some are not here:

${missing.map((name) => describe(name)).join('\n')}

On Debian and Ubuntu, \`apps/observability/install-servers.sh\` gets what is missing: Prometheus and Alertmanager as
packages, and Jaeger built with Go, which takes some minutes, once.`
}

function describe(name: ProgramName): string {
  const { variable, elsewhere } = programs[name]
  const given = process.env[variable]
  const place = given
    ? `${variable} is ${given}, which cannot be run`
    : `not on the PATH; ${variable} may say where it is`
  return `  ${name.padEnd(12)}  ${place}. ${elsewhere[0]?.toUpperCase()}${elsewhere.slice(1)}.`
}

function find(name: ProgramName): string | undefined {
  const { variable, files } = programs[name]
  const given = process.env[variable]
  if (given) return isProgram(given) ? given : undefined
  // Last, where install-servers.sh puts what it builds.
  const cache = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache')
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), join(cache, 'switchgear/bin')]
  return folders.flatMap((folder) => files.map((file) => join(folder, file))).find(isProgram)
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
