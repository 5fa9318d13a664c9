// Cutting and replacing are to take no time, however long the text is.
const LONGEST_RAW = 1_000

/**
 * Makes hostile text harmless in a Slack message: `&`, `<` and `>` are escaped as Slack asks, so that nothing in it is a link
 * or a mention; `@here` and its kin do not ping where plain names are linked either; URLs are cut down to their host; line
 * breaks and control characters become spaces; what is too long is cut. Source:
 * https://docs.slack.dev/messaging/formatting-message-text
 *
 * @param longest how many characters are kept; at most 1,000. Default: 200
 */
export function escapeMrkdwn(text: string, longest: number = 200): string {
  const line = withoutUrls(shorten(text))
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim()
  // Whole code points: half of one is no character.
  const letters = Array.from(line)
  const cut = letters.length > longest ? `${letters.slice(0, longest - 1).join('')}…` : line
  // A word joiner after the @: what follows it is no name.
  return cut.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/@/g, '@\u2060')
}

function shorten(text: string): string {
  if (text.length <= LONGEST_RAW) return text
  // The last word may be a URL cut before its password ends.
  return text.slice(0, LONGEST_RAW).replace(/\S*$/, '')
}

/** A URL's path and query may hold a secret, as a webhook's does; its user name and password are some. */
function withoutUrls(text: string): string {
  return text.replace(/\b[a-z][a-z0-9+.-]*:\/\/(?:[^\s/?#<>]*@)?([^\s/?#<>|]*)[^\s<>]*/giu, '$1')
}
