// Runs a command with everything this workspace needs: `node scripts/with-deps.mjs COMMAND [ARGUMENT…]`.
// It starts from Node 20 and npm alone: npx fetches the pinned pnpm, pnpm the pinned Node and all dependencies.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const lockFile = join(root, '.set-up-lock')
const stampFile = join(root, 'node_modules/.set-up-stamp')
const minimumNode = 20
const windows = process.platform === 'win32'

if (Number.parseInt(process.versions.node, 10) < minimumNode) {
  fail(`Node ${minimumNode} or newer has to start it, and this is ${process.version} (${process.execPath}).
Install a newer one, from nodejs.org or with your version manager, and run the command again.`)
}
if (!isSetUp()) {
  await lock()
  await setUp()
  unlock()
}
const [command, ...rest] = process.argv.slice(2)
process.exitCode = await run(command, rest)

async function setUp() {
  if (isSetUp()) return // by the process this one waited for
  const pnpm = `pnpm@${JSON.parse(read('package.json')).devEngines.packageManager.version}`
  console.error(`Setting up with ${pnpm}: about a minute from empty caches, seconds from full ones.`)
  rmSync(stampFile, { force: true })
  const install = [pnpm, 'install', '--frozen-lockfile']
  // Without a network npx would retry for more than a minute, even for what it has in its cache.
  const npxOptions = ['--yes', '--prefer-offline', '--fetch-retry-mintimeout=1000']
  const code = await run('npx', [...npxOptions, ...install], ['ignore', process.stderr, process.stderr]).catch(
    (error) => fail(`npx did not start (${error.message}). It comes with npm: is that installed and on the PATH?`),
  )
  if (code > 128) process.exit(code) // a signal ended it: that is a wish, not a failure
  if (code > 0) {
    fail(`\`npx ${install.join(' ')}\` ended with exit code ${code}; what it said is above.
- No way to the package registry? Look at \`npm ping\`, HTTPS_PROXY, and the registry in your .npmrc.
- No space left? Dependencies and package store take about 2 GB.
- Lockfile out of date? After a change to a manifest: \`npx ${pnpm} install\`, and commit pnpm-lock.yaml.
- Something else? Remove node_modules and run the command again.`)
  }
  writeFileSync(stampFile, stamp())
}

function isSetUp() {
  try {
    return readFileSync(stampFile, 'utf8') === stamp()
  } catch {
    return false
  }
}

/** Differs after every change of a dependency, and on another kind of machine that sees the same folder. */
function stamp() {
  const hash = createHash('sha256').update(read('pnpm-lock.yaml')).update(read('pnpm-workspace.yaml'))
  return `${process.platform}-${process.arch} ${hash.digest('hex')}\n`
}

function read(file) {
  return readFileSync(join(root, file), 'utf8')
}

/** Of two commands started at once in one clone, one sets up and the other waits. */
async function lock() {
  for (let holder; ; await sleep(200)) {
    try {
      writeFileSync(lockFile, `${process.pid}`, { flag: 'wx' })
      process.on('exit', unlock)
      return
    } catch (error) {
      if (error.code !== 'EEXIST') fail(`this folder cannot be written to (${error.message}).`)
    }
    const seen = lockHolder()
    if (seen !== undefined && !isRunning(seen)) unlock()
    else if (seen !== holder) console.error(`Waiting for process ${(holder = seen)}, which sets this clone up.`)
  }
}

function unlock() {
  process.off('exit', unlock)
  rmSync(lockFile, { force: true })
}

function lockHolder() {
  try {
    return Number(readFileSync(lockFile, 'utf8')) || undefined
  } catch {
    return undefined
  }
}

function isRunning(pid) {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return error.code === 'EPERM'
  }
}

/** Resolves to the exit code of the command, or 128 and the number of the signal that ended it, as a shell has it. */
function run(file, args, stdio = 'inherit') {
  const path = [join(root, 'node_modules/.bin'), process.env.PATH].join(delimiter)
  const env = { ...process.env, PATH: path, TURBO_TELEMETRY_DISABLED: '1' }
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd: root, env, stdio, shell: windows })
    // Ctrl-C in a terminal reaches the child too; a signal sent to this process alone has to be passed on, once.
    const passOn = (signal) => {
      if (signal === 'SIGINT' && process.stdin.isTTY) return
      if (!child.killed) child.kill(signal)
    }
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, passOn)
    // A terminated npm passes nothing on and leaves this process behind.
    const parent = process.ppid
    const watch = setInterval(() => process.ppid === parent || passOn('SIGTERM'), 500)
    child.on('error', reject)
    child.on('exit', (code, signal) => {
      clearInterval(watch)
      resolve(code ?? 128 + constants.signals[signal])
    })
  })
}

/** @returns {never} */
function fail(message) {
  console.error(`\nSet-up failed: ${message}\n`)
  process.exit(1)
}
