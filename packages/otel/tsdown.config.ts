import { defineConfig } from 'tsdown'

export default defineConfig({
  entry: ['src/index.ts', 'src/diagnostics-channel.ts', 'src/register.ts'],
  platform: 'neutral',
  deps: { neverBundle: [/^node:/] },
  target: 'es2022',
  dts: true,
})
