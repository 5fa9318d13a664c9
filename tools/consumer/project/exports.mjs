// Called with every export of the packages: each loads, by import and by require, and nothing else does.
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
for (const specifier of process.argv.slice(2)) {
  const module = await import(specifier)
  assert.notDeepEqual(Object.keys(module), [], specifier)
  assert.equal(require(specifier), module, specifier)
}
for (const specifier of ['@switchgear/adapters', '@switchgear/core/dist/index.js', '@switchgear/otel/src/index.ts']) {
  await assert.rejects(import(specifier), { code: 'ERR_PACKAGE_PATH_NOT_EXPORTED' }, specifier)
}
