import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

/** What `import { CircuitBreaker } from '@switchgear/core'` adds to an application, minified and compressed, in bytes. */
export async function coreBundleBytes(): Promise<number> {
  const { outputFiles } = await build({
    stdin: {
      contents: "export { CircuitBreaker } from '@switchgear/core'",
      resolveDir: fileURLToPath(new URL('.', import.meta.url)),
    },
    bundle: true,
    minify: true,
    format: 'esm',
    write: false,
  })
  return gzipSync(outputFiles[0]?.contents ?? new Uint8Array()).length
}
