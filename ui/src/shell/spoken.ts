// A day or a month among the words of the palette: "steps 2026-05", "heart may 2026", "sleep 14 mar 2026", "5/2026".
import type { Range } from '../address.svelte'
import { length, plus } from '../days'
import { words } from '../words'
import { en } from '../words/en'

export interface Spoken {
  /** What else was written. */
  rest: string
  /** The day, or all days of the month. */
  range: Range
  /** The last of them. */
  date: string
}

const WRITTEN = /\b(\d{4})-(\d\d)(?:-(\d\d))?\b/
const DOTTED = /(?<![\d.])(\d{1,2})\.(\d{1,2})\.(\d{4})(?!\d)/
const SLASHED = /(?<![\d/])(\d{1,2})\/(\d{4})(?!\d)/
const NAMED = /(?:(?<!\d)(\d{1,2})\.?\s+)?(?<!\p{L})(\p{L}{3,})\.?\s+(\d{4})(?!\d)/u

/** The number of a month by its name or the beginning of it, in the language of the window or in English. */
function monthOf(name: string): number | null {
  const is = (month: string) => month.toLowerCase().startsWith(name.toLowerCase())
  const at = [words.monthNames, en.monthNames].map((months) => months.findIndex(is)).find((found) => found >= 0)
  return at === undefined ? null : at + 1
}

const two = (n: number) => String(n).padStart(2, '0')

function days(year: number, month: number, day: string | undefined): Omit<Spoken, 'rest'> | null {
  const date = `${year}-${two(month)}-${two(Number(day ?? 1))}`
  if (Number.isNaN(Date.parse(`${date}T00:00:00Z`)) || plus(date, 0) !== date) return null
  if (day !== undefined) return { range: 'day', date }
  const last = plus(month === 12 ? `${year + 1}-01-01` : `${year}-${two(month + 1)}-01`, -1)
  return { range: `${length(date, last)}`, date: last }
}

/** Year, month and perhaps day as they are written, and the text that says so. */
function parts(text: string): [said: string, year: string | undefined, month: number | null, day: string | undefined] | null {
  const written = WRITTEN.exec(text)
  if (written) return [written[0], written[1], Number(written[2]), written[3]]
  const dotted = DOTTED.exec(text)
  if (dotted) return [dotted[0], dotted[3], Number(dotted[2]), dotted[1]]
  const slashed = SLASHED.exec(text)
  if (slashed) return [slashed[0], slashed[2], Number(slashed[1]), undefined]
  const named = NAMED.exec(text)
  return named && [named[0], named[3], monthOf(named[2] ?? ''), named[1]]
}

/** What days somebody means; none where no day is written, or none that there is. */
export function spoken(text: string): Spoken | null {
  const [said, year, month, day] = parts(text) ?? ['', '', null, undefined]
  const found = month === null ? null : days(Number(year), month, day)
  return found && { ...found, rest: text.replace(said, '').trim() }
}
