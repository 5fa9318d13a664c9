import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { transform } from 'esbuild'
import { addExpectations } from './add-expectations.ts'
import type { Snippet } from './extract-snippets.ts'

const execute = promisify(execFile)
/** For snippets that never end: on a busy machine those that do may take long. */
export const LONGEST_MS = 60_000
/** Keeps imports that nothing uses, as Node does. */
const tsconfigRaw = { compilerOptions: { verbatimModuleSyntax: true } }
const workspace = join(import.meta.dirname, '..')

/** What the compiler says against each snippet, each being a module of its own; nothing for those that are right. */
export async function typeCheck(snippets: readonly Snippet[]): Promise<Map<Snippet, string>> {
  // What a setup declares is there for its own snippets alone.
  const groups = Map.groupBy(snippets, ({ setup }) => setup)
  const messages = await Promise.all([...groups].map(([setup, group]) => compile(group, setup)))
  return new Map(messages.flat())
}

/** Runs a snippet in a process of its own, with the packages' sources. Rejects with what it printed when it fails. */
export async function run({ code, file, line, setup }: Snippet): Promise<void> {
  const checked = addExpectations(code)
  const expectations = checked.expectations.map((expected) => ({ ...expected, at: `${file}:${line + expected.line}` }))
  // Node strips types by itself, but does not run decorators yet.
  const script = await transform(checked.code, { loader: 'ts', target: 'es2022', tsconfigRaw })
  const imports = ['src/expect.ts', ...(setup === undefined ? [] : [`setups/${setup}.ts`])]
  const options = ['--conditions=@switchgear/source', ...imports.map((path) => `--import=./${path}`)]
  try {
    await execute(process.execPath, [...options, '--input-type=module', `--eval=${script.code}`], {
      cwd: workspace,
      env: { ...process.env, EXPECTATIONS: JSON.stringify(expectations) },
      timeout: LONGEST_MS,
    })
  } catch (error) {
    const { stderr, signal } = error as { stderr: string; signal: string | null }
    throw new Error(`${file}:${line}: ${signal === null ? stderr : `still running after ${LONGEST_MS} ms`}`, {
      cause: error,
    })
  }
}

async function compile(snippets: readonly Snippet[], setup: string | undefined): Promise<[Snippet, string][]> {
  const folder = mkdtempSync(join(tmpdir(), 'switchgear-snippets-'))
  try {
    const config = {
      extends: join(workspace, '../../tsconfig.test.json'),
      compilerOptions: { noUnusedLocals: false, noUnusedParameters: false },
      include: setup === undefined ? ['*.mts'] : ['*.mts', join(workspace, `setups/${setup}.ts`)],
    }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
    // A snippet may import what this workspace package depends on.
    symlinkSync(join(workspace, 'node_modules'), join(folder, 'node_modules'), 'junction')
    for (const [index, { code, line }] of snippets.entries()) {
      // Lines of the module are lines of the Markdown file.
      writeFileSync(join(folder, `${index}.mts`), '\n'.repeat(line - 1) + code)
    }
    await execute(process.execPath, [join(workspace, 'node_modules/typescript/bin/tsc'), '--pretty', 'false'], {
      cwd: folder,
    })
    return []
  } catch (error) {
    const { stdout } = error as { stdout?: string }
    if (!stdout) throw error
    return messagesBySnippet(stdout, snippets)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function messagesBySnippet(output: string, snippets: readonly Snippet[]): [Snippet, string][] {
  const messages = new Map<Snippet, string>()
  // Further lines of a message are indented.
  for (const message of output.trim().split(/\n(?! )/)) {
    const [, index, text] = /^(\d+)\.mts(\(.*)$/s.exec(message) ?? []
    const snippet = snippets[Number(index)]
    if (snippet === undefined) throw new Error(message)
    messages.set(snippet, `${messages.get(snippet) ?? ''}${snippet.file}${text}\n`)
  }
  return [...messages]
}
