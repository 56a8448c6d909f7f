// Calendar days as texts such as 2026-03-14. They have no zone, so nothing here asks a clock.
import type { Range } from './address.svelte'

const DAY_MS = 86_400_000

const number = (day: string) => Date.parse(`${day}T00:00:00Z`)

/** A day so many days later. */
export function plus(day: string, days: number): string {
  const at = number(day) + days * DAY_MS
  return Number.isNaN(at) ? day : new Date(at).toISOString().slice(0, 10)
}

/** How many days from one to another, both counted. */
export function length(first: string, last: string): number {
  return Math.round((number(last) - number(first)) / DAY_MS) + 1
}

const STEPS: Record<string, number> = { day: 1, week: 7, month: 30, half_year: 182, year: 365 }

/** Days of a range; none for all. */
export function daysOf(range: Range): number | null {
  return STEPS[range] ?? (range === 'all' ? null : Number(range))
}

/** The same day of another year; 29 February is the 28th of most. */
function anotherYear(day: string, by: 1 | -1): string {
  const [year = '', rest] = [day.slice(0, 4), day.slice(4)]
  const to = String(Number(year) + by).padStart(4, '0')
  const same = `${to}${rest}`
  return Number.isNaN(number(same)) || plus(same, 0) !== same ? `${to}-02-28` : same
}

/** The last day of the period before or after; a year is twelve months of the calendar. */
export function step(last: string, range: Range, by: 1 | -1): string {
  if (range === 'year') return anotherYear(last, by)
  const days = daysOf(range)
  return days === null ? last : plus(last, by * days)
}

/** The days that lie between two places of a chart, from its first to its last day. */
export function between(first: string, last: string, from: number, to: number): { last: string; days: number } {
  const all = length(first, last)
  const start = Math.min(all - 1, Math.max(0, Math.floor(from * all)))
  const end = Math.min(all, Math.max(start + 1, Math.ceil(to * all)))
  return { last: plus(first, end - 1), days: end - start }
}

/** The first and the last day that a chart tells of: not what lies before there was anything, nor what has not come. */
export function toldDays({ since, firstDay, until, lastDay }: { since?: string; firstDay: string; until?: string; lastDay: string }): { first: string; last: string } {
  return { first: since ?? firstDay, last: until ?? lastDay }
}
