/** The address of the service that this one calls. */
export function urlFrom(variable: string, path: string): string {
  const origin = process.env[variable]
  if (origin === undefined) throw new Error(`${variable} is not set; \`npm run demo\` starts the services with it`)
  return new URL(path, origin).href
}
