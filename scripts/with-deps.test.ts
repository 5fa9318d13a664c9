import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { nodes } from '../tools/node-matrix/index.ts'

const node20 = nodes.get('node20') ?? ''

// A clone in which npx is a script that notes how it was called, and installs nothing.
let clone: string

beforeEach(() => {
  clone = mkdtempSync(join(tmpdir(), 'switchgear-clone-'))
  cpSync(join(import.meta.dirname, 'with-deps.mjs'), join(clone, 'scripts/with-deps.mjs'))
  write('package.json', JSON.stringify({ devEngines: { packageManager: { version: '1.2.3' } } }))
  write('pnpm-lock.yaml', 'first')
  write('pnpm-workspace.yaml', '')
  npx('mkdir -p node_modules')
})

afterEach(() => rmSync(clone, { recursive: true }))

test('sets up before the first command, and not again before the next', async () => {
  expect(await withDeps('echo', 'done')).toMatchObject({ code: 0, stdout: 'done\n' })
  expect(await withDeps('echo', 'done')).toEqual({ code: 0, stdout: 'done\n', stderr: '' })
  expect(installs()).toEqual([expect.stringMatching(/ pnpm@1\.2\.3 install --frozen-lockfile$/)])
})

test('sets up again after the lockfile has changed', async () => {
  await withDeps('true')
  write('pnpm-lock.yaml', 'second')
  await withDeps('true')
  expect(installs()).toHaveLength(2)
})

test('two commands started at once set up once', async () => {
  npx('sleep 0.5; mkdir -p node_modules')
  const both = await Promise.all([withDeps('echo', 'done'), withDeps('echo', 'done')])
  expect(both.map(({ code, stdout }) => [code, stdout])).toEqual([
    [0, 'done\n'],
    [0, 'done\n'],
  ])
  expect(both.map(({ stderr }) => stderr).join('')).toMatch(/Waiting for process \d+/)
  expect(installs()).toHaveLength(1)
})

test('a set-up that was killed is no obstacle', async () => {
  write('.set-up-lock', '4194305') // above the highest process number of Linux
  expect(await withDeps('echo', 'done')).toMatchObject({ code: 0, stdout: 'done\n' })
})

test('a set-up that fails says what to do, and is tried again', async () => {
  npx('echo no way >&2; exit 3')
  const failed = await withDeps('echo', 'done')
  expect(failed).toMatchObject({ code: 1, stdout: '' })
  expect(failed.stderr).toMatch(
    /no way[^]*Set-up failed: `npx .*` ended with exit code 3[^]*npm ping[^]*Remove node_modules/,
  )
  npx('mkdir -p node_modules')
  expect(await withDeps('echo', 'done')).toMatchObject({ code: 0, stdout: 'done\n' })
})

test('a command gets its arguments, and its exit code is passed on', async () => {
  const script = 'console.log(process.argv.slice(1)); process.exit(7)'
  const done = await withDeps('node', '-e', script, '--', '--once', 'two words')
  expect(done).toMatchObject({ code: 7, stdout: "[ '--once', 'two words' ]\n" })
})

const untilTerminated = `
  process.on('SIGTERM', () => { console.log('terminated'); process.exit() })
  setInterval(() => undefined, 1000)
  console.log('started')`

test('a signal reaches the command', async () => {
  const child = start('node', '-e', untilTerminated)
  await once(child.stdout, 'data')
  child.kill('SIGTERM')
  expect(await finish(child)).toMatchObject({ code: 0, stdout: 'terminated\n' })
})

test('a command ends when what started it is gone', async () => {
  const shell = spawn('sh', ['-c', '"$NODE20" scripts/with-deps.mjs node -e "$SCRIPT"; true'], {
    cwd: clone,
    env: { ...environment(), NODE20: node20, SCRIPT: untilTerminated },
  })
  await once(shell.stdout, 'data')
  shell.kill('SIGKILL')
  expect(await text(shell.stdout)).toBe('terminated\n')
})

test('a Node that is too old is told so', async () => {
  const pretend = `data:text/javascript,Object.defineProperty(process.versions, 'node', { value: '18.20.8' })`
  const child = spawn(node20, ['--import', pretend, join(clone, 'scripts/with-deps.mjs'), 'true'], {
    cwd: clone,
    env: environment(),
  })
  expect(await finish(child)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('Node 20 or newer has to start it'),
  })
  expect(installs()).toEqual([])
})

function withDeps(...command: string[]): ReturnType<typeof finish> {
  return finish(start(...command))
}

function start(...command: string[]): ChildProcessWithoutNullStreams {
  return spawn(node20, [join(clone, 'scripts/with-deps.mjs'), ...command], { cwd: clone, env: environment() })
}

async function finish(
  child: ChildProcessWithoutNullStreams,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const [[code], stdout, stderr] = await Promise.all([once(child, 'close'), text(child.stdout), text(child.stderr)])
  return { code, stdout, stderr }
}

function environment(): NodeJS.ProcessEnv {
  return { ...process.env, PATH: `${join(clone, 'bin')}:${process.env['PATH']}` }
}

function npx(script: string): void {
  write('bin/npx', `#!/bin/sh\necho "$@" >> installs\n${script}\n`)
  chmodSync(join(clone, 'bin/npx'), 0o755)
}

/** The calls of npx so far. */
function installs(): string[] {
  return globSync('installs', { cwd: clone }).flatMap((file) =>
    readFileSync(join(clone, file), 'utf8').trim().split('\n'),
  )
}

function write(path: string, content: string): void {
  mkdirSync(dirname(join(clone, path)), { recursive: true })
  writeFileSync(join(clone, path), content)
}
