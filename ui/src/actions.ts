// What keys, menus and the palette let somebody do: one list, each by the name that src-tauri/window/menu.rs has for it.
import { takeBack } from './acts.svelte'
import { go, href, RANGES, remember, remembered, turn, type Named } from './address.svelte'
import * as ipc from './ipc'
import { move } from './keys'
import { copyLink } from './link.svelte'
import { add, importing } from './library.svelte'
import { openPairing } from './phones.svelte'
import { LETTERS, type Place } from './places'
import { words } from './words'

/** What only the window's frame can do. */
export interface Shell {
  palette: () => void
  keys: () => void
  sidebar: () => void
}

/** Sizes of the page. */
const ZOOMS = [0.5, 0.67, 0.8, 0.9, 1, 1.1, 1.25, 1.5, 1.75, 2, 2.5, 3]
const ZOOM = 'vitalog.zoom'
const MENU_BAR = 'vitalog.menu_bar'

const zoomNow = () => ZOOMS.find((known) => String(known) === remembered(ZOOM)) ?? 1

function zoom(to: number): void {
  remember(ZOOM, String(to))
  ipc.zoom(to).catch(() => {})
}

const zoomBy = (by: 1 | -1) => zoom(ZOOMS[ZOOMS.indexOf(zoomNow()) + by] ?? zoomNow())

/** The menus in the page's words. */
function menuWords(): Record<string, string> {
  const ranges = RANGES.map((range) => [`range_${range}`, words.range.names[range]])
  const places = (Object.keys(LETTERS) as Place[]).map((place) => [`go_${place}`, words.places[place]])
  return { app: words.app, ...Object.fromEntries([...ranges, ...places]), ...words.menu }
}

function showMenuBar(shown: boolean): void {
  remember(MENU_BAR, shown ? 'shown' : 'hidden')
  // Without menus everything in them is still to be had.
  ipc.setMenu(menuWords(), shown).catch(() => {})
}

/** As it was left: menus in the page's language, and the size of the page. */
export function restore(): void {
  showMenuBar(remembered(MENU_BAR) === 'shown')
  // Its own size, too: the page is not alone in the window, and may have been loaded anew.
  if (remembered(ZOOM) !== null) zoom(zoomNow())
}

/** Lets somebody choose a file in the system's own dialog, and imports it. */
export const chooseFile = () => importChosen(() => ipc.chooseExport(words.import.dialog, words.import.filter))

/** Likewise the folder of an export that was unzipped. */
export const chooseFolder = () => importChosen(() => ipc.chooseExportFolder(words.import.dialogFolder))

async function importChosen(choose: () => Promise<string | null>): Promise<void> {
  try {
    const path = await choose()
    if (path === null) return
    go(href('import'))
    await add([path])
  } catch (thrown) {
    importing.error = ipc.asError(thrown)
  }
}

function search(): void {
  const field = document.querySelector<HTMLElement>('main input[type=search]')
  field?.focus()
}

/** What an editor does to the field or the text that has the focus; a page has no other way. */
const edit = (what: string) => () => void document.execCommand(what)

/** Takes back what was written into a field, else what was done last. */
function undo(): void {
  const field = document.activeElement
  if (field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement) edit('undo')()
  else void takeBack()
}

/** The comparison with an earlier time, where the screen has it; else the screen that compares. */
function compare(): void {
  const card = document.querySelector<HTMLElement>('main [data-testid=beside]')
  if (!card) return go(href('compare'))
  card.scrollIntoView({ block: 'nearest' })
  card.focus({ preventScroll: true })
}

/** The choice of what a chart is saved as, where the screen has one. */
function save(): void {
  document.querySelector<HTMLSelectElement>('main select[data-save]')?.focus()
}

/** Whose numbers count first, where the screen has it; else the screen of all sources. */
function order(): void {
  const card = document.querySelector<HTMLElement>('main [data-testid=order]')
  if (!card) return go(href('sources'))
  card.scrollIntoView({ block: 'nearest' })
  card.querySelector<HTMLElement>('button:not(:disabled)')?.focus({ preventScroll: true })
}

/** Lets a phone in: the card for that, on its screen. */
function pair(): void {
  openPairing()
  go(href('phone'))
}

/** Everything that can be done, by its name. */
export function actions(shell: Shell): Record<string, () => void> {
  const ranges = RANGES.map((range: Named) => [`range_${range}`, () => turn({ range })])
  const places = (Object.keys(LETTERS) as Place[]).map((place) => [`go_${place}`, () => go(href(place))])
  return {
    ...Object.fromEntries([...ranges, ...places]),
    ...shell,
    import: () => void chooseFile(),
    // Everything that leaves the store stands there.
    export: () => go(href('settings')),
    settings: () => go(href('settings')),
    about: () => go(href('about')),
    pair,
    compare,
    save,
    order,
    search,
    today: () => turn({ date: null }),
    earlier: () => move(-1),
    later: () => move(1),
    zoom_in: () => zoomBy(1),
    zoom_out: () => zoomBy(-1),
    zoom_actual: () => zoom(1),
    menu_bar: () => showMenuBar(remembered(MENU_BAR) !== 'shown'),
    undo,
    redo: edit('redo'),
    cut: edit('cut'),
    copy: edit('copy'),
    copy_link: () => void copyLink(),
    select_all: edit('selectAll'),
    quit: () => void ipc.close().catch(() => {}),
  }
}

/** Those that the palette offers besides screens and types. */
export const OFFERED = ['import', 'export', 'pair', 'copy_link', 'sidebar', 'zoom_in', 'zoom_out', 'zoom_actual', 'menu_bar', 'keys', 'quit'] as const

/** Stay where a dialog is open; before anything else it is closed, as if somebody had gone on without it. */
const WITHIN = ['undo', 'redo', 'cut', 'copy', 'select_all', 'zoom_in', 'zoom_out', 'zoom_actual', 'menu_bar', 'quit']

/** Does what a menu names. */
export function chosen(name: string, all: Record<string, () => void>): void {
  if (!WITHIN.includes(name)) document.querySelectorAll<HTMLDialogElement>('dialog[open]').forEach((dialog) => dialog.close())
  all[name]?.()
}
