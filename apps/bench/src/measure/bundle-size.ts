import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

/** What an application imports for one breaker that opens after failures in a row. */
const imports = {
  'switchgear, `CircuitBreaker`': "export { CircuitBreaker } from '@switchgear/core'",
  'switchgear, all of core': "export * from '@switchgear/core'",
  'cockatiel, `circuitBreaker`': "export { circuitBreaker, ConsecutiveBreaker, handleAll } from 'cockatiel'",
  'opossum, which is one piece': "export { default } from 'opossum'",
  'mollitia, `Circuit`': "export { Circuit, SlidingCountBreaker } from 'mollitia'",
  'effect, `CircuitBreaker`': "export { Effect } from 'effect'; export { CircuitBreaker } from 'effect/persistence'",
} as const

/** What imports add to an application, in bytes. */
export interface BundleSize {
  readonly name: string
  readonly minified: number
  readonly compressed: number
}

/** The first one is `CircuitBreaker` alone. */
export function measureBundles(): Promise<BundleSize[]> {
  return Promise.all(Object.entries(imports).map(([name, source]) => measureBundle(name, source)))
}

async function measureBundle(name: string, contents: string): Promise<BundleSize> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: fileURLToPath(new URL('.', import.meta.url)) },
    bundle: true,
    minify: true,
    format: 'esm',
    // What Node has is not part of it.
    platform: 'node',
    write: false,
  })
  const bundle = outputFiles[0]?.contents ?? new Uint8Array()
  return { name, minified: bundle.length, compressed: gzipSync(bundle).length }
}
