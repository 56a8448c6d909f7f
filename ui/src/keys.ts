// What the keyboard does: one table for whoever presses and for the list of keys.
import { at, go, href, RANGES, rangeNow, turn } from './address.svelte'
import { appearance } from './appearance.svelte'
import { step } from './days'
import { library } from './library.svelte'
import { LETTERS, type Place } from './places'

export interface Shell {
  palette: () => void
  keys: () => void
  sidebar: () => void
}

/** Rows of the list of keys: what is pressed, and the name of what happens. */
export const KEYS = [
  ['Ctrl/\u2318 K', 'palette'],
  ['Ctrl/\u2318 B', 'sidebar'],
  ['1 \u2026 6', 'range'],
  ['Shift \u2190 \u2192', 'period'],
  ['\u2190 \u2192', 'read'],
  ['T', 'today'],
  ['C', 'compare'],
  ['/', 'search'],
  ['G \u2026', 'go'],
  ['?', 'keys'],
] as const

/** After G the next letter says where to. */
const PATIENCE_MS = 1500

const writing = (target: EventTarget | null) =>
  target instanceof HTMLElement && (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName))

/** The last day that is shown, where a screen shows days. */
export const shownLast = () => at.address.date ?? library.status?.last_day ?? null

/** The period before or after; the one with the last data is the latest. */
export function move(by: 1 | -1): void {
  const last = shownLast()
  if (last === null || rangeNow() === 'all') return
  const to = step(last, rangeNow(), by)
  const end = library.status?.last_day ?? to
  turn({ date: to >= end ? null : to })
}

/** The comparison with an earlier time, where the screen has it; else the screen that compares. */
function compare(): void {
  const card = document.querySelector<HTMLElement>('main [data-testid=beside]')
  if (!card) return go(href('compare'))
  card.scrollIntoView({ block: 'nearest' })
  card.focus({ preventScroll: true })
}

/** Hears the keys of the whole window. */
export function listen(shell: Shell): () => void {
  let going = 0
  const heard = (event: KeyboardEvent) => {
    const command = event.ctrlKey || event.metaKey
    const key = event.key.toLowerCase()
    if (command && !event.altKey && !event.shiftKey && (key === 'k' || key === 'b')) {
      event.preventDefault()
      return key === 'k' ? shell.palette() : shell.sidebar()
    }
    if (command || event.altKey || writing(event.target) || document.querySelector('dialog[open]')) return
    if (event.shiftKey && (key === 'arrowleft' || key === 'arrowright')) {
      event.preventDefault()
      return move(key === 'arrowleft' ? -1 : 1)
    }
    if (appearance.chosen.keys === 'on') single(event, key)
  }
  const single = (event: KeyboardEvent, key: string) => {
    const place = (Object.keys(LETTERS) as Place[]).find((known) => LETTERS[known] === key)
    const range = RANGES[Number(key) - 1]
    if (Date.now() - going < PATIENCE_MS && place) {
      going = 0
      return go(href(place))
    }
    going = 0
    if (key === 'g') going = Date.now()
    else if (key === '?') shell.keys()
    else if (key === 't') turn({ date: null })
    else if (key === 'c') compare()
    else if (key === '/') {
      const search = document.querySelector<HTMLElement>('main input[type=search]')
      if (search) event.preventDefault()
      search?.focus()
    } else if (range) turn({ range })
  }
  window.addEventListener('keydown', heard)
  return () => window.removeEventListener('keydown', heard)
}
