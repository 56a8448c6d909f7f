// A type that can be compared, or sleep.
import { href, type Range } from '../../address.svelte'
import type { Hue } from '../../places'

export interface Metric {
  word: string
  name: string
  hue: Hue
}

/** Its chart over time, as `vitalog chart` calls it. */
export const subjectOf = (metric: Metric) => (metric.word === 'sleep' ? 'sleep:stages' : metric.word)

/** Its own screen. */
export const screenOf = (metric: Metric, to: { range?: Range | null; date?: string | null } = {}) =>
  metric.word === 'sleep' ? href('sleep', to) : href('types', { rest: [metric.word], ...to })
