import packageJson from '../package.json' with { type: 'json' }

/** The version of the instrumentation scope: this package's. */
export const VERSION: string = packageJson.version
