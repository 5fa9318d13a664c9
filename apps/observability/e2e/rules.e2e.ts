import { cp, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ruleMutants } from './rule-mutants.ts'
import { runProgram } from './run-program.ts'

const folder = join(import.meta.dirname, '../prometheus')
const ruleFile = 'circuit-breaker.rules.yml'
const text = await readFile(join(folder, ruleFile), 'utf8')
const testFiles = await readdir(join(folder, 'tests'))

test('Prometheus takes the configuration and the rules', async () => {
  expect(await runProgram('promtool', 'check', 'config', join(folder, 'prometheus.yml'))).toMatchObject({
    passed: true,
  })
})

test.each(testFiles)('the cases of %s hold', async (file) => {
  expect(await runProgram('promtool', 'test', 'rules', join(folder, 'tests', file))).toMatchObject({ passed: true })
})

describe('a case fails', () => {
  let scratch = ''
  beforeAll(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'switchgear-rules-'))
    await cp(folder, scratch, { recursive: true })
  })
  afterAll(() => rm(scratch, { recursive: true }))

  const mutants = rulesIn(text).flatMap(({ name, body }) =>
    (ruleMutants[name] ?? [{ from: 'expr:', to: 'no mutant of this rule:' }]).map((mutant) => ({
      name,
      body,
      ...mutant,
    })),
  )
  test.each(mutants)('when $name has $to in place of $from', async ({ name, body, from, to }) => {
    expect(body, 'what the mutant changes is in the rule').toContain(from)
    await writeFile(join(scratch, ruleFile), text.replace(body, body.replace(from, to)))
    // Or it would be no mistake that a test has found.
    expect(await runProgram('promtool', 'check', 'rules', join(scratch, ruleFile))).toMatchObject({ passed: true })
    const own = testFiles.filter((file) => name.startsWith(`${file.replace('.yml', '')} `))
    const files = new Set([...own, ...testFiles])
    for (const file of files) {
      if (!(await runProgram('promtool', 'test', 'rules', join(scratch, 'tests', file))).passed) return
    }
    expect.fail('all cases passed')
  })
})

/** The rules of a file, each as its text. Two alerts may share a name: their severity is part of it here. */
function rulesIn(rules: string): { name: string; body: string }[] {
  return rules
    .split(/^(?= {6}- (?:alert|record): )/m)
    .slice(1)
    .map((body) => {
      const [, name = ''] = /(?:alert|record): (\S+)/.exec(body) ?? []
      const [, severity] = /severity: (\w+)/.exec(body) ?? []
      return { name: severity ? `${name} ${severity}` : name, body }
    })
}
