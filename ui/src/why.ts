// Where a number is explained: the address of it, and which days the address asks about.
import { at, href, rangeNow, type Range } from './address.svelte'
import { partOf } from './charts/zoom'

/** From one day to another, both counted. */
export interface Stretch {
  first: string
  last: string
}

/** From one instant to another, in milliseconds since 1970. */
export interface Hours {
  from: number
  until: number
}

const DAY = /^\d{4}-\d\d-\d\d$/

/** The days that the address asks about, if any. */
export const askedWhy = (): Stretch | null => stretchOf(at.address.asked.why ?? '')

function stretchOf(text: string): Stretch | null {
  const [first = '', last = first, more] = text.split('..')
  return more === undefined && DAY.test(first) && DAY.test(last) && first <= last ? { first, last } : null
}

/** The same days of several years that the address asks about, if any. */
export function askedYears(): Stretch[] {
  const found = (at.address.asked.why ?? '').split(',').map(stretchOf)
  const known = found.filter((days) => days !== null)
  return found.length > 1 && known.length === found.length ? known : []
}

/** The hours that the address asks about, if any: a stretch of a day, such as 1773489600000..1773493200000. */
export function askedHours(): Hours | null {
  const part = partOf(at.address.asked.why)
  return part && { from: part[0], until: part[1] }
}

const written = (asked: Stretch | Hours | Stretch[]): string =>
  Array.isArray(asked) ? asked.map(written).join(',') : 'from' in asked ? `${asked.from}..${asked.until}` : asked.first === asked.last ? asked.first : `${asked.first}..${asked.last}`

/** What of a day or a night the screen of a type shows now, if it is that one. */
function partThere(word: string): string {
  const { place, rest, asked } = at.address
  return (word === 'sleep' ? place === 'sleep' : place === 'types' && rest[0] === word) ? (asked.part ?? '') : ''
}

/** Where the number of some days or hours of a type is explained: on the type's own screen, or on that of sleep. The
 * part of the day that is looked at stays, as long as the days do; the other half of two numbers stands below by its word. */
export function whyHref(
  word: string,
  days: Stretch | Hours | Stretch[],
  range: Range = rangeNow(),
  date: string | null = at.address.date,
  part: string = range === rangeNow() && date === at.address.date ? partThere(word) : '',
  also?: string,
): string {
  // Minutes in zones are those of the workouts of these days, each of which explains its own.
  if (word === 'heart_zones') return 'first' in days ? href('workouts', { asked: { from: days.first, to: days.last } }) : href('workouts')
  const to = { range, date, asked: { why: written(days), also, part } }
  return word === 'sleep' ? href('sleep', to) : href('types', { rest: [word], ...to })
}

/** Brings what was asked for before whoever asked, by eye, keyboard and ear. */
export function comeTo(section: HTMLElement | null | undefined): void {
  section?.scrollIntoView({ block: 'nearest' })
  section?.focus({ preventScroll: true })
}
