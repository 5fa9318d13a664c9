import { defineConfig } from 'tsdown'

export default defineConfig({
  entry: { fetch: 'src/fetch/index.ts' },
  platform: 'neutral',
  target: 'es2022',
  dts: true,
})
