// What the keyboard does: one table for whoever presses and for the list of keys.
import { at, RANGES, rangeNow, turn, type Range } from './address.svelte'
import { appearance } from './appearance.svelte'
import { daysOf, plus, step } from './days'
import { library } from './library.svelte'
import { LETTERS, type Place } from './places'

/** Rows of the list of keys: what is pressed, and the name of what happens. */
export const KEYS = [
  ['Ctrl/\u2318 K', 'palette'],
  ['Ctrl/\u2318 B', 'sidebar'],
  ['Ctrl/\u2318 O', 'import'],
  ['Ctrl/\u2318 ,', 'settings'],
  ['Ctrl/\u2318 + \u2212 0', 'zoom'],
  ['F10', 'menu_bar'],
  ['1 \u2026 6', 'range'],
  ['Shift \u2190 \u2192', 'period'],
  ['\u2190 \u2192', 'read'],
  ['Space', 'pin'],
  ['Enter', 'why'],
  ['+ \u2212', 'closer'],
  ['Shift \u2190 \u2192', 'along'],
  ['T', 'today'],
  ['Ctrl/\u2318 Z', 'undo'],
  ['C', 'compare'],
  ['E', 'save'],
  ['S', 'order'],
  ['L', 'copy_link'],
  ['/ Ctrl/\u2318 F', 'search'],
  ['G \u2026', 'go'],
  ['?', 'keys'],
] as const

/** With Ctrl or Cmd, and without Shift; where a keyboard needs Shift for a sign, it is the sign that counts. */
const COMMANDS: Record<string, string> = {
  k: 'palette',
  b: 'sidebar',
  o: 'import',
  ',': 'settings',
  f: 'search',
  '+': 'zoom_in',
  '=': 'zoom_in',
  '-': 'zoom_out',
  '0': 'zoom_actual',
}

/** After G the next letter says where to. */
const PATIENCE_MS = 1500

const writing = (target: EventTarget | null) =>
  target instanceof HTMLElement && (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName))

/** The last day that there is something of on this screen. */
export const lastDay = () => at.end ?? library.status?.last_day ?? null

const WHOLE: Partial<Record<Range, number>> = { half_year: 6, year: 30 }

/** Where a screen of some types ends: with all data, or with the last of these where a range would show none of them. */
export function endOf(lastDays: (string | null)[]): string | null {
  const [last, all] = [lastDays.filter((day) => day !== null).sort().at(-1), library.status?.last_day]
  // Long ranges begin with a whole week or month, so some days later.
  const days = (daysOf(rangeNow()) ?? NaN) - (WHOLE[rangeNow()] ?? 0)
  return last != null && all != null && !Number.isNaN(days) && last < plus(all, 1 - days) ? last : null
}

/** The last day that is shown, where a screen shows days. */
export const shownLast = () => at.address.date ?? lastDay()

/** The period before or after; the one with the last data is the latest. */
export function move(by: 1 | -1): void {
  const last = shownLast()
  if (last === null || rangeNow() === 'all') return
  const to = step(last, rangeNow(), by)
  const end = lastDay() ?? to
  turn({ date: to >= end ? null : to })
}

/** On a Mac Ctrl is for other things, and only its own key quits. */
function commandOf(event: KeyboardEvent, key: string): string | undefined {
  return key === 'q' && event.ctrlKey ? 'quit' : COMMANDS[key]
}

/** Hears the keys of the whole window; what they do is in the list of actions. */
export function listen(all: Record<string, () => void>): () => void {
  let going = 0
  const heard = (event: KeyboardEvent) => {
    const command = event.ctrlKey || event.metaKey
    const key = event.key.toLowerCase()
    const named = command && !event.altKey && (!event.shiftKey || key === '+') ? commandOf(event, key) : key === 'f10' && !event.shiftKey ? 'menu_bar' : undefined
    if (named !== undefined) {
      event.preventDefault()
      return all[named]?.()
    }
    // A field takes back what was written into it by itself.
    if (command && !event.altKey && !event.shiftKey && key === 'z' && !writing(event.target)) {
      event.preventDefault()
      return all.undo?.()
    }
    if (command || event.altKey || writing(event.target) || document.querySelector('dialog[open]')) return
    if (event.shiftKey && (key === 'arrowleft' || key === 'arrowright')) {
      event.preventDefault()
      return all[key === 'arrowleft' ? 'earlier' : 'later']?.()
    }
    if (appearance.chosen.keys === 'on') single(event, key)
  }
  const single = (event: KeyboardEvent, key: string) => {
    const place = (Object.keys(LETTERS) as Place[]).find((known) => LETTERS[known] === key)
    const range = RANGES[Number(key) - 1]
    if (Date.now() - going < PATIENCE_MS && place) {
      going = 0
      return all[`go_${place}`]?.()
    }
    going = 0
    if (key === 'g') going = Date.now()
    else if (key === '?') all.keys?.()
    else if (key === 't') all.today?.()
    else if (key === 'c') all.compare?.()
    else if (key === 'e') all.save?.()
    else if (key === 's') all.order?.()
    else if (key === 'l') all.copy_link?.()
    else if (key === '/') {
      if (document.querySelector('main input[type=search]')) event.preventDefault()
      all.search?.()
    } else if (range) all[`range_${range}`]?.()
  }
  window.addEventListener('keydown', heard)
  return () => window.removeEventListener('keydown', heard)
}
