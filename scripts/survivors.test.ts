import { expect, test } from 'vitest'
import { compareWithPage, describeMutant, type Mutant, type MutationReport } from './survivors.ts'

const source = `export function isDue(now: number, at: number): boolean {
  // First.
  if (now >= at) {
    return true
  }
  return now === 0
}
`

type Place = readonly [line: number, column: number]

/** A mutant of `source` from one place to another. */
function mutant([line, column]: Place, [endLine, endColumn]: Place, replacement: string): Mutant {
  const location = { start: { line, column }, end: { line: endLine, column: endColumn } }
  return { status: 'Survived', replacement, location }
}

const later = mutant([3, 7], [3, 16], 'now > at')
const name = '@@ due.ts\n- if (now >= at) {\n+ if (now > at) {'

function reportOf(...mutants: Mutant[]): MutationReport {
  return { files: { 'packages/core/src/due.ts': { source, mutants } } }
}

test('a mutant is named by its line, before and after', () => {
  expect(describeMutant('packages/core/src/due.ts', source, later)).toBe(name)
})

test('a mutant has the same name when its line has moved', () => {
  const moved = mutant([4, 9], [4, 18], 'now > at')

  expect(describeMutant('src/due.ts', `\n${source.replace('  if', '    if')}`, moved)).toBe(name)
})

test('of a mutant of several lines the first one is told', () => {
  expect(describeMutant('due.ts', source, mutant([3, 18], [5, 4], '{}'))).toBe(
    '@@ due.ts\n- if (now >= at) { …\n+ if (now >= at) {}',
  )
})

test('a replacement of several lines is told in one', () => {
  expect(describeMutant('due.ts', source, mutant([3, 7], [3, 16], '{\n  at: now\n}'))).toBe(
    '@@ due.ts\n- if (now >= at) {\n+ if ({ at: now }) {',
  )
})

test('a survivor that the page names is fine, whatever else the page says', () => {
  const page = `# Survivors\n\n- a list\n\nThe same either way.\n\n\`\`\`diff\n${name}\n\`\`\`\n`

  expect(compareWithPage(reportOf(later), page)).toEqual({ unnamed: [], killed: [], gone: [] })
})

test('a survivor that the page does not name is told with its place, covered by a test or not', () => {
  for (const status of ['Survived', 'NoCoverage']) {
    expect(compareWithPage(reportOf({ ...later, status }), '').unnamed).toEqual([
      { at: 'packages/core/src/due.ts:3:7', name },
    ])
  }
})

test('a name whose mutant is killed is told apart from one whose code is gone', () => {
  const killed = { ...later, status: 'Killed' }

  expect(compareWithPage(reportOf(killed), name)).toEqual({ unnamed: [], killed: [name], gone: [] })
  expect(compareWithPage(reportOf(), name)).toEqual({ unnamed: [], killed: [], gone: [name] })
})
