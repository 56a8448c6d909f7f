// How much of a chart is shown: a part of a day, a night or a workout, or other days. No pixels, no window.
import { daysOf } from '../days'
import type { Range } from '../address.svelte'
import type { Chart } from '../ipc'

export type Part = [number, number]

/** What an address says of a part, such as 1773489600000..1773493200000. */
export function partOf(text: string | undefined): Part | null {
  const found = /^(-?\d{1,15})\.\.(-?\d{1,15})$/.exec(text ?? '')
  const [from, to] = [Number(found?.[1]), Number(found?.[2])]
  return found && from < to ? [from, to] : null
}

export const written = ([from, to]: Part) => `${Math.round(from)}..${Math.round(to)}`

/** Where two places of a chart's plot, 0 at its left and 1 at its right edge, lead. */
export type Way = { part: Part | null } | { days: Days } | { by: 1 | -1 } | null
export interface Days {
  first: string
  last: string
  from: number
  to: number
}

/** Nearly all counts as all: nobody hits an edge. */
const ALL = 0.999

/**
 * Within a chart of hours as long as there is a part of it to show, moved into it where it lies outside; beyond it, the
 * days around it, or the period before or after.
 */
export function wayOf(chart: Chart, from: number, to: number): Way {
  const { whole, scale, firstDay, lastDay } = chart
  const days = { days: { first: firstDay, last: lastDay, from, to } }
  if (!whole) return days
  const all = whole.to - whole.from
  const shown = scale.x1 - scale.x0
  const width = Math.max(whole.least, (to - from) * shown)
  if (width < all * ALL) {
    const start = Math.min(Math.max(scale.x0 + from * shown, whole.from), whole.to - width)
    return { part: [start, start + width] }
  }
  if (shown < all * ALL) return { part: null }
  if (Math.abs(to - from - 1) < 1 - ALL) return from === 0 ? null : { by: from > 0 ? 1 : -1 }
  return days
}

/** Whether it can be shown from closer by. */
export const canGrow = ({ whole, scale, firstDay, lastDay }: Chart) =>
  whole ? scale.x1 - scale.x0 > whole.least * (2 - ALL) : firstDay < lastDay

/** Whether a picture shows less than a named range, so that a drag moves along. */
export function isZoomed({ whole, scale }: Chart, range: Range): boolean {
  const isPart = whole !== undefined && scale.x1 - scale.x0 < (whole.to - whole.from) * ALL
  return isPart || (daysOf(range) === Number(range) && range !== '1')
}
