import { join } from 'node:path'
import manifest from './package.json' with { type: 'json' }

/** The Node versions that the published packages run on, each with the path of its executable. */
export const nodes: ReadonlyMap<string, string> = new Map(
  Object.keys(manifest.devDependencies).map((name) => [
    name,
    join(import.meta.dirname, 'node_modules', name, 'bin/node'),
  ]),
)
