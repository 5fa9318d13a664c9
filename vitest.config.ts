import { transform } from 'esbuild'
import { defineConfig, type Plugin } from 'vitest/config'

const projects = [
  'packages/core',
  'packages/adapters',
  'packages/otel',
  'packages/testkit',
  'apps/bench',
  'apps/demo',
  'apps/observability',
  'tools/snippets',
  'scripts',
]

/** Node does not run decorators yet, and Vite's own transformer leaves them in place. */
const lowerDecorators: Plugin = {
  name: 'lower-decorators',
  enforce: 'pre',
  transform: {
    filter: { id: /\.ts$/, code: /^\s*@\w/m },
    handler: (code, id) => transform(code, { loader: 'ts', target: 'es2022', sourcefile: id, sourcemap: true }),
  },
}

export default defineConfig({
  plugins: [lowerDecorators],
  // Packages resolve to their sources, so tests need no build.
  ssr: { resolve: { conditions: ['@switchgear/source'] } },
  test: {
    projects: projects.map((root) => ({ extends: true, root, test: { name: root } })),
    testTimeout: 20_000, // some start processes
    coverage: { include: ['src/**'], thresholds: { 100: true } },
    typecheck: { enabled: true, tsconfig: 'test/tsconfig.json' },
  },
})
