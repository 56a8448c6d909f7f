// Where the window is: the part of the address after #, as state. Screens change it through links or `go`.
import { PLACES, type Place } from './places'

export const RANGES = ['day', 'week', 'month', 'half_year', 'year', 'all'] as const
export type Named = (typeof RANGES)[number]
/** A named range, or a number of days that somebody drew into a chart. */
export type Range = Named | `${number}`

export interface Address {
  place: Place
  /** What follows: the word of a type, the number of a workout. */
  rest: string[]
  range: Range | null
  /** The last day, as 2026-03-14; none for the last one with data. */
  date: string | null
  /** What a screen was asked besides: filters of a list, what is compared, which days explain themselves. */
  asked: Asked
}

const ASKED = ['kind', 'from', 'to', 'least', 'search', 'by', 'step', 'until', 'lag', 'why', 'also', 'part'] as const
export type Asked = Partial<Record<(typeof ASKED)[number], string>>

const LAST = 'vitalog.last'
const USUAL: Partial<Record<Place, Named>> = { overview: 'week', sleep: 'day' }

/** A part of an address; what nobody wrote so stays as it is. */
function plain(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

/** Reads what stands after #; anything unknown is the overview. */
export function parse(hash: string): Address {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?')
  const [first = '', ...rest] = path.split('/').map(plain)
  const place = PLACES.find((known) => known === first)
  // #/type/heart_rate reads better than #/types/heart_rate, and both lead there.
  const found: Place = place ?? (first === 'type' ? 'types' : 'overview')
  const asked = new URLSearchParams(query)
  return { place: found, rest: rest.filter((part) => part !== ''), range: range(asked.get('range')), date: day(asked.get('date')), asked: known(asked) }
}

function known(asked: URLSearchParams): Asked {
  return Object.fromEntries(ASKED.map((key) => [key, asked.get(key) ?? '']).filter(([, text]) => text !== ''))
}

function range(text: string | null): Range | null {
  if (text === null) return null
  const named = RANGES.find((known) => known === text)
  return named ?? (/^[1-9]\d{0,3}$/.test(text) ? (text as Range) : null)
}

const day = (text: string | null) => (text !== null && /^\d{4}-\d\d-\d\d$/.test(text) ? text : null)

/** The address of a screen, for links. */
export function href(place: Place, to: { rest?: (string | number)[]; range?: Range | null; date?: string | null; asked?: Asked } = {}): string {
  const rest = to.rest ?? []
  const head = place === 'types' && rest.length > 0 ? 'type' : place
  const more = ASKED.map((key) => (to.asked?.[key] ? `${key}=${encodeURIComponent(to.asked[key])}` : ''))
  const query = [to.range ? `range=${to.range}` : '', to.date ? `date=${to.date}` : '', ...more].filter((part) => part !== '')
  const path = [head, ...rest.map((part) => encodeURIComponent(part))].join('/')
  return `#/${path}${query.length > 0 ? `?${query.join('&')}` : ''}`
}

export const at = $state({
  address: parse('') as Address,
  count: 0,
  /** The last day of what the screen shows, where that is not the last of all data. */
  end: null as string | null,
})

let ender = {}

/** A screen ends on a day, until it goes; another one may have come by then. */
export function endOn(day: string | null): () => void {
  const mine = {}
  ender = mine
  at.end = day
  return () => {
    if (ender === mine) at.end = null
  }
}

/** The range in force. */
export const rangeNow = (): Range => at.address.range ?? kept(at.address.place)

/** Each area remembers its range. */
function kept(place: Place): Range {
  return range(remembered(`vitalog.range.${place}`)) ?? USUAL[place] ?? 'month'
}

/** What this window was told to keep. */
export function remembered(key: string): string | null {
  try {
    return localStorage.getItem(key)
  } catch {
    return null
  }
}

/** A list of words that this window was told to keep, each once. */
export function rememberedList(key: string, usual: string[]): string[] {
  try {
    const found = JSON.parse(remembered(key) ?? 'null') as unknown
    return Array.isArray(found) ? [...new Set(found.filter((word): word is string => typeof word === 'string'))] : usual
  } catch {
    return usual
  }
}

/** Keeps a choice of this window; it holds no health data. */
export function remember(key: string, value: string): void {
  try {
    localStorage.setItem(key, value)
  } catch {
    // A window without a place to keep it works all the same.
  }
}

/** Goes to an address, as a link would. */
export function go(to: string): void {
  if (location.hash !== to) location.hash = to
}

/** What no other range or day has: an explanation, a part of a day. */
const OF_THESE_DAYS: Asked = { why: '', also: '', part: '' }

/** The same screen with another range or day. Who drags along takes no step with every day that goes by. */
export function turn(to: { range?: Range; date?: string | null }, drags = false): void {
  const { place, rest, date, asked } = at.address
  const next = { range: rangeNow(), date, ...to }
  if (to.range !== undefined && RANGES.some((named) => named === to.range)) remember(`vitalog.range.${place}`, to.range)
  const address = href(place, { rest, ...next, asked: { ...asked, ...OF_THESE_DAYS } })
  if (drags) stay(address)
  else go(address)
}

/** The range that the screen had before somebody drew another one. */
export const rangeBefore = (): Range => kept(at.address.place)

/** The same screen asked otherwise. That is no step back for the window: nobody goes back letter by letter. */
export function refine(asked: Asked): void {
  stay(asking(asked))
}

/** The address of the same screen asked otherwise. */
export function asking(asked: Asked): string {
  const { place, rest, range, date } = at.address
  return href(place, { rest, range, date, asked: { ...at.address.asked, ...asked } })
}

function stay(address: string): void {
  if (location.hash === address) return
  history.replaceState(null, '', address)
  at.address = parse(location.hash)
  remember(LAST, location.hash)
}

/** Follows the address from now on, beginning where the window was left; returns how to stop. */
export function follow(): () => void {
  const heard = () => {
    at.address = parse(location.hash)
    at.count += 1
    remember(LAST, location.hash)
  }
  if (location.hash.length < 3) history.replaceState(null, '', remembered(LAST) ?? '#/overview')
  heard()
  window.addEventListener('hashchange', heard)
  return () => window.removeEventListener('hashchange', heard)
}
