// Holds docs/reference/options.md, the types and the validation together.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import * as core from '@switchgear/core'
import { CircuitBreakerConfigError, type FindingCode, optionsFromEnv } from '@switchgear/core'
import { resolveOptions } from '../src/options.ts'
import { thrownBy } from './drive.ts'
import { IN_WORDS, REQUIRED, type Section, sections } from './reference-sections.ts'
import { codeOf, readTables, type Row, wordsOf } from './reference-tables.ts'

const reference = readTables(readFileSync(join(import.meta.dirname, '../../../docs/reference/options.md'), 'utf8'))

describe.each(sections)('the reference of "$heading"', (section) => {
  const rows = rowsUnder(section.heading)

  test('has every option of the type, once, and no other', () => {
    expect(rows.map(nameOf).toSorted()).toEqual(Object.keys(section.defaults).toSorted())
  })

  test.each(rows.map((row) => [nameOf(row), row] as const))('says the default and the unit of %s', (name, row) => {
    const value = section.defaults[name]
    const cell = row['default'] ?? ''
    const code = codeOf(cell)
    if (value === REQUIRED) expect(cell).toBe('required')
    else if (value === undefined || value === IN_WORDS)
      expect([code, cell]).toEqual([undefined, expect.stringMatching(/\w/)])
    else expect(evaluate(code ?? cell, { ...section.defaults, ...section.base })).toStrictEqual(value)
    expect(row['unit'] === 'ms').toBe(/Ms$|^ms$/.test(name))
  })

  // The path of every call is not checked.
  if (section.make === undefined) return

  test.each(rows.map((row) => [nameOf(row), row] as const))(
    'says of %s what is allowed, in the words of the error',
    (name, row) => {
      const error = refusal(section, { ...section.base, [name]: Symbol('of no type that an option has') })

      expect(error.option).toContain(name)
      expect(wordsOf(row['allowed'] ?? '')).toBe(error.allowed)
      if (section.defaults[name] !== REQUIRED) return
      expect(refusal(section, { ...section.base, [name]: undefined })).toMatchObject({ option: error.option })
    },
  )

  test('has every option that is known, and others are refused', () => {
    const error = refusal(section, { ...section.base, thereIsNoSuchOption: 1 })

    expect(error.option).toMatch(/\bthereIsNoSuchOption$/)
    const known = error.allowed.replace('no option of this name, only ', '').split(', ')
    expect(known.toSorted()).toEqual([...(section.known ?? namesOf(section))].toSorted())
  })
})

test('the reference has every environment variable, and its default is the one that holds without it', () => {
  const rows = rowsUnder('Environment variables')
  const asked: PropertyKey[] = []
  optionsFromEnv(new Proxy({}, { get: (_, name) => void asked.push(name) }))

  expect(rows.map(nameOf)).toEqual(asked)
  for (const row of rows) {
    const options = optionsFromEnv({ [nameOf(row)]: codeOf(row['default']) })
    expect(Object.keys(options)).toHaveLength(1)
    expect(resolveOptions(options)).toStrictEqual(resolveOptions({}))
  }
})

test('the reference has every finding', () => {
  const codes: Record<FindingCode, true> = {
    lease_shorter_than_timeout: true,
    window_shorter_than_timeout: true,
    slow_beyond_timeout: true,
    minimum_never_reached: true,
    open_shorter_than_scrape: true,
    recovery_check_too_late: true,
    ramp_step_without_results: true,
    no_timeout: true,
    sudden_recovery: true,
  }

  expect(rowsUnder('Check a configuration', 1).map(nameOf).toSorted()).toEqual(Object.keys(codes).toSorted())
})

test('the reference has no table of options that is not held here', () => {
  const held = [...sections.map(({ heading }) => heading), 'Environment variables']

  expect(
    [...reference]
      .filter(([, tables]) => tables.length > 0)
      .map(([heading]) => heading)
      .toSorted(),
  ).toEqual(held.toSorted())
})

function rowsUnder(heading: string, index = 0): Row[] {
  return reference.get(heading)?.[index] ?? []
}

/** What stands in the first column. */
function nameOf(row: Row): string {
  return codeOf(Object.values(row)[0]) ?? ''
}

/** The options of a section and of those that it takes too. */
function namesOf(section: Section): string[] {
  const inherited = sections.find(({ heading }) => heading === section.inherits)
  const names = inherited === undefined ? [] : namesOf(inherited).filter((name) => name !== 'restore')
  return [...names, ...Object.keys(section.defaults)]
}

function refusal(section: Section, options: object): CircuitBreakerConfigError {
  const error = thrownBy(() => section.make?.(options as never))
  if (error instanceof CircuitBreakerConfigError) return error
  throw error
}

/** The value of a piece of code that may use the package, and the section's other options. */
function evaluate(code: string, scope: object): unknown {
  const names = { ...core, ...scope }
  // oxlint-disable-next-line typescript/no-implied-eval -- the code is the reference's own
  return new Function(...Object.keys(names), `'use strict'; return (${code})`)(...Object.values(names)) as unknown
}
