// Where a number is explained: the address of it, and which days the address asks about.
import { at, href, rangeNow, type Range } from './address.svelte'

/** From one day to another, both counted. */
export interface Stretch {
  first: string
  last: string
}

const DAY = /^\d{4}-\d\d-\d\d$/

/** The days that the address asks about, if any. */
export function askedWhy(): Stretch | null {
  const [first = '', last = first, more] = (at.address.asked.why ?? '').split('..')
  return more === undefined && DAY.test(first) && DAY.test(last) && first <= last ? { first, last } : null
}

const written = ({ first, last }: Stretch) => (first === last ? first : `${first}..${last}`)

/** Where the number of some days of a type is explained: on the type's own screen, or on that of sleep. */
export function whyHref(word: string, days: Stretch, range: Range = rangeNow(), date: string | null = at.address.date): string {
  const to = { range, date, asked: { why: written(days) } }
  return word === 'sleep' ? href('sleep', to) : href('types', { rest: [word], ...to })
}

/** Brings what was asked for before whoever asked, by eye, keyboard and ear. */
export function comeTo(section: HTMLElement | null | undefined): void {
  section?.scrollIntoView({ block: 'nearest' })
  section?.focus({ preventScroll: true })
}
