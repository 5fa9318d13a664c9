/** The key of a URL: its origin, such as `https://api.example:8443`. One that names no host (`data:`, `blob:`) stands for no service. */
export function originOf({ protocol, host }: URL): string | undefined {
  return host === '' ? undefined : `${protocol}//${host}`
}

/** How a family names its breakers: two families may guard one host, and labels hold no URL. `plain` has no name in front. */
export function nameWithin(family: string | undefined, plain?: string): (key: string) => string {
  const prefix = family === undefined || family === plain ? '' : `${family}:`
  return (key) => prefix + key.replace(/^\w+:\/\//, '')
}
