/** The header fields that {@link readRetryAfter} reads; `Headers` is one. */
export interface HeaderFields {
  get(name: string): string | null
}

/**
 * How long `Retry-After` asks callers to wait, in ms: its seconds, or the time from the response's `Date` to its HTTP-date
 * (RFC 9110, 10.2.3), so that clocks which differ do no harm. A date that is over is 0; what is neither is undefined.
 *
 * @param wallNow gives ms since 1970; asked only when the response carries no `Date` and about years of two digits
 */
export function readRetryAfter(headers: HeaderFields, wallNow: () => number): number | undefined {
  const value = headers.get('retry-after')?.trim()
  if (value === undefined) return undefined
  if (/^\d+$/.test(value)) return Number(value) * 1_000
  const until = parseHttpDate(value, wallNow)
  if (until === undefined) return undefined
  const sentAt = parseHttpDate(headers.get('date')?.trim() ?? '', wallNow) ?? wallNow()
  return Math.max(0, until - sentAt)
}

const time = String.raw`(?<hour>\d\d):(?<minute>\d\d):(?<second>\d\d)`
const weekday = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)'
// The three forms of RFC 9110, 5.6.7. Date.parse takes much else, and reads the third one in the local time zone.
const forms = [
  new RegExp(String.raw`^${weekday}, (?<day>\d\d) (?<month>\w{3}) (?<year>\d{4}) ${time} GMT$`),
  new RegExp(
    String.raw`^(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, (?<day>\d\d)-(?<month>\w{3})-(?<year>\d\d) ${time} GMT$`,
  ),
  new RegExp(String.raw`^${weekday} (?<month>\w{3}) (?<day>[\d ]\d) ${time} (?<year>\d{4})$`),
]
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

function parseHttpDate(text: string, wallNow: () => number): number | undefined {
  for (const form of forms) {
    const parts = form.exec(text)?.groups
    if (parts !== undefined) return toTime(parts, wallNow)
  }
  return undefined
}

function toTime(parts: Record<string, string>, wallNow: () => number): number | undefined {
  const [year = 0, day = 0, hour = 0, minute = 0, second = 0] = ['year', 'day', 'hour', 'minute', 'second'].map(
    (name) => Number(parts[name]),
  )
  const month = months.indexOf(parts['month'] ?? '')
  // A leap second is written as 60.
  if (month < 0 || hour > 23 || minute > 59 || second > 60) return undefined
  const date = new Date(0)
  date.setUTCFullYear(parts['year']?.length === 2 ? nearestYear(year, wallNow()) : year, month, day)
  // A day that the month does not have.
  if (date.getUTCDate() !== day) return undefined
  return date.setUTCHours(hour, minute, second)
}

/** The year nearest to now that ends in these two digits (RFC 9110, 5.6.7, asks for one at most fifty years ahead). */
function nearestYear(twoDigits: number, now: number): number {
  const thisYear = new Date(now).getUTCFullYear()
  const year = thisYear - (thisYear % 100) + twoDigits
  if (year > thisYear + 50) return year - 100
  return year < thisYear - 49 ? year + 100 : year
}
