import type { BundleSize } from '../measure/bundle-size.ts'
import { digits, formatTable } from './format.ts'

export function bundlesTable(bundles: readonly BundleSize[]): string {
  const rows = bundles.map(({ name, minified, compressed }) => [name, kilobytes(minified), kilobytes(compressed)])
  return formatTable(['imported', 'minified', 'and compressed'], rows)
}

const kilobytes = (bytes: number): string => `${digits(bytes / 1e3)} kB`
