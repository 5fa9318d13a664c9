import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { missingPrograms, pathOf } from '../e2e/programs.ts'

const names = ['prometheus', 'promtool', 'alertmanager', 'amtool', 'jaeger'] as const

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'switchgear-programs-'))
  vi.stubEnv('PATH', folder)
  vi.stubEnv('XDG_CACHE_HOME', folder)
  for (const name of names) vi.stubEnv(`${name.toUpperCase()}_BIN`, '')
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true })
})

function install(file: string): string {
  const path = join(folder, file)
  writeFileSync(path, '', { mode: 0o755 })
  return path
}

test('says of each program that is missing how to get it', () => {
  install('promtool')
  const lines = missingPrograms()?.split('\n') ?? []
  for (const name of names) {
    const [line] = lines.filter((text) => text.startsWith(`  ${name} `))
    if (name === 'promtool') expect(line).toBeUndefined()
    else expect(line).toMatch(new RegExp(`${name.toUpperCase()}_BIN may say where it is\\. .*https://`))
  }
  expect(lines.join('\n')).toContain('apps/observability/install-servers.sh')
})

test('says nothing when all are there, under the names that Debian gives them too', () => {
  for (const file of ['prometheus', 'promtool', 'prometheus-alertmanager', 'amtool', 'jaeger']) install(file)
  expect(missingPrograms()).toBeUndefined()
})

test('a variable comes before the PATH, and has to be right', () => {
  install('jaeger')
  const other = install('another-jaeger')
  vi.stubEnv('JAEGER_BIN', other)
  expect(pathOf('jaeger')).toBe(other)

  vi.stubEnv('JAEGER_BIN', join(folder, 'nothing'))
  expect(missingPrograms()).toContain(`JAEGER_BIN is ${join(folder, 'nothing')}, which cannot be run`)
})
