import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { LONGEST_MS, run, typeCheck } from '../src/check-snippets.ts'
import { extractSnippets } from '../src/extract-snippets.ts'

const root = join(import.meta.dirname, '../../..')
const files = globSync(['README.md', 'packages/*/README.md', 'docs/**/*.md'], { cwd: root })
const snippets = files.flatMap((file) => extractSnippets(file, readFileSync(join(root, file), 'utf8')))
const typeErrors = await typeCheck(snippets)

test.concurrent.each(snippets)('$file:$line', { timeout: 2 * LONGEST_MS }, async (snippet) => {
  expect(typeErrors.get(snippet)).toBeUndefined()
  if (!snippet.compileOnly) await run(snippet)
})
