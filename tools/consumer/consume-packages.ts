// Installs the packed packages with npm in a project outside of this workspace, as their users do, and uses them.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { nodes } from '@switchgear/node-matrix'
import { buildSync } from 'esbuild'

interface Manifest {
  readonly name: string
  readonly exports: Readonly<Record<string, unknown>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>
}

const project = mkdtempSync(join(tmpdir(), 'switchgear-consumer-'))
process.on('exit', () => rmSync(project, { recursive: true }))
cpSync(join(import.meta.dirname, 'project'), project, { recursive: true })

const packages = globSync(join(import.meta.dirname, '../../packages/*/package.tgz')).map((tarball) => ({
  tarball,
  files: run('tar', '-tzf', tarball).trim().split('\n'),
  manifest: JSON.parse(run('tar', '-xzOf', tarball, 'package/package.json')) as Manifest,
}))

step('a package holds its code, its declarations and its documents', () => {
  const allowed = /^package\/(dist\/.+(\.js|\.d\.ts)|CHANGELOG\.md|LICENSE|package\.json|README\.md)$/
  for (const { files, manifest } of packages) {
    for (const file of files) assert.match(file, allowed, `${manifest.name} has ${file}`)
    for (const file of ['LICENSE', 'README.md'])
      assert.ok(files.includes(`package/${file}`), `${manifest.name} has no ${file}`)
  }
})

step('npm installs the packages, their peers and nothing else', () => {
  run('npm', 'install', '--no-audit', '--no-fund', '--prefer-offline', ...packages.map(({ tarball }) => tarball))
  const lock = JSON.parse(readFileSync(join(project, 'package-lock.json'), 'utf8'))
  const installed = Object.keys(lock.packages)
    .filter((path) => path !== '')
    .map((path) => path.replace('node_modules/', ''))
  const wanted = packages.flatMap(({ manifest }) => [manifest.name, ...requiredPeersOf(manifest)])
  assert.deepEqual(new Set(installed), new Set([...wanted, '@types/node', 'undici-types']))
})

step('the declarations satisfy a strict application on Node, and one in a browser', () => {
  run('tsc', '-p', 'tsconfig.node.json')
  run('tsc', '-p', 'tsconfig.browser.json')
})

step('a bundle for browsers needs no module of Node', () => {
  buildSync({ absWorkingDir: project, entryPoints: ['browser.ts'], bundle: true, format: 'esm', write: false })
})

const specifiers = packages.flatMap(({ manifest }) =>
  Object.keys(manifest.exports).map((subpath) => manifest.name + subpath.slice(1)),
)
for (const [version, node] of nodes) {
  step(`${version} runs an application, and imports and requires ${specifiers.join(', ')}`, () => {
    run(node, 'node.js')
    run(node, 'exports.mjs', ...specifiers)
  })
}

/** An adapter's client is for those who call it. */
function requiredPeersOf({ peerDependencies = {}, peerDependenciesMeta = {} }: Manifest): string[] {
  return Object.keys(peerDependencies).filter((name) => peerDependenciesMeta[name]?.optional !== true)
}

function step(what: string, prove: () => void): void {
  prove()
  console.log(`✓ ${what}`)
}

function run(command: string, ...args: string[]): string {
  return execFileSync(command, args, { cwd: project, encoding: 'utf8' })
}
