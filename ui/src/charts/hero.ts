// The one number of a chart, as a page and a card write it.
import { number } from '../format'
import type { Hero } from '../ipc'
import { words } from '../words'

/** "58", "48–120" or "120/80" */
export function heroText(hero: Hero): string {
  const one = (n: number) => number(n, hero.digits)
  if (hero.high === null) return one(hero.value)
  return hero.what === 'pair' ? `${one(hero.high)}/${one(hero.value)}` : `${one(hero.value)}\u2013${one(hero.high)}`
}

/** "steps a day" */
export const heroUnit = (hero: Hero): string => (hero.what === 'average_a_day' ? `${hero.unit} ${words.chart.aDay}` : hero.unit)

/** "1.78 m" */
export const heroWhole = (hero: Hero): string => `${heroText(hero)}\u00a0${heroUnit(hero)}`.trim()
