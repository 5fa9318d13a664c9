import { readFile } from 'node:fs/promises'

/**
 * The text of a configuration file with other addresses and times.
 *
 * @throws {Error} if something is not there to be replaced
 */
export async function adapted(file: string, replacements: Readonly<Record<string, string>>): Promise<string> {
  let text = await readFile(file, 'utf8')
  for (const [from, to] of Object.entries(replacements)) {
    if (!text.includes(from)) throw new Error(`${file} has no ${from}`)
    text = text.replaceAll(from, to)
  }
  return text
}
