import { defineConfig } from 'tsdown'

export default defineConfig({
  entry: {
    fetch: 'src/fetch/index.ts',
    gcs: 'src/gcs/index.ts',
    'rate-limit': 'src/rate-limit/index.ts',
    slack: 'src/slack/index.ts',
    undici: 'src/undici/index.ts',
  },
  platform: 'neutral',
  target: 'es2022',
  dts: true,
})
