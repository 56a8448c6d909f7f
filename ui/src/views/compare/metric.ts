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

/** Which day of the second metric stands beside one of the first. */
export const LAGS = ['same', 'next', 'before'] as const
export type Lag = (typeof LAGS)[number]

/** Two of them against each other, as `vitalog chart` and `vitalog explain` call them. */
export const pairOf = (first: string, second: string, lag: Lag) => `${first},${second}${lag === 'same' ? '' : `:${lag}`}`

/** Its own screen. */
export const screenOf = (metric: Metric, to: { range?: Range | null; date?: string | null } = {}) =>
  metric.word === 'sleep' ? href('sleep', to) : href('types', { rest: [metric.word], ...to })
