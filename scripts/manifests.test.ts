import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import house from '../package.json' with { type: 'json' }

const root = join(import.meta.dirname, '..')
const manifests = globSync('packages/*/package.json', { cwd: root })
  .map((file) => ({ folder: file.replace('/package.json', ''), ...JSON.parse(readFileSync(join(root, file), 'utf8')) }))
  .filter((manifest) => manifest.private !== true)

test('npm and pnpm agree about which pnpm it is', () => {
  const catalog = readFileSync(join(root, 'pnpm-workspace.yaml'), 'utf8')
  expect(catalog).toContain(`\n  pnpm: ${house.devEngines.packageManager.version}\n`)
})

describe.each(manifests)('$name', (manifest) => {
  test('says where it comes from, what it runs on, and that unused parts can be dropped', () => {
    expect(manifest).toMatchObject({
      name: `@switchgear/${manifest.folder.replace('packages/', '')}`,
      license: 'Apache-2.0',
      repository: { directory: manifest.folder },
      type: 'module',
      engines: { node: '>=20.19' },
      publishConfig: { access: 'public', provenance: true },
    })
    expect(manifest.dependencies).toBeUndefined()
    // All but what is imported for its effect alone.
    expect(manifest.sideEffects).toEqual(
      './register' in manifest.exports ? ['./dist/register.js', './src/register.ts'] : false,
    )
  })

  test('publishes each export that the workspace has, without the way to its source', () => {
    const built = Object.entries(manifest.exports).map(([subpath, targets]) => {
      const { '@switchgear/source': source, ...published } = targets as Record<string, string>
      expect(source).toMatch(/^\.\/src\//)
      return [subpath, published]
    })
    expect(manifest.publishConfig.exports).toEqual(Object.fromEntries(built))
  })

  test('has in the workspace what it asks of its user', () => {
    const peers = Object.keys(manifest.peerDependencies ?? {})
    expect(Object.keys(manifest.devDependencies)).toEqual(expect.arrayContaining(peers))
  })
})
