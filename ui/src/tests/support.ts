// The page with commands that answer as kept in tests/fixtures/ipc/, the files that the Rust side writes.
import { mockIPC } from '@tauri-apps/api/mocks'
import { flushSync, mount, unmount } from 'svelte'
import App from '../App.svelte'
import { reset as forgetJobs } from '../keeping.svelte'
import { library, reset } from '../library.svelte'
import { forgetLink } from '../link.svelte'
import { reset as forgetPhones } from '../phones.svelte'
import { reset as forgetServers } from '../servers.svelte'
import agentCalls from '../../../tests/fixtures/ipc/agent_calls.json'
import changes from '../../../tests/fixtures/ipc/changes.json'
import chart from '../../../tests/fixtures/ipc/chart.json'
import chartNight from '../../../tests/fixtures/ipc/chart_night.json'
import chartSmall from '../../../tests/fixtures/ipc/chart_small.json'
import check from '../../../tests/fixtures/ipc/check.json'
import beside from '../../../tests/fixtures/ipc/beside.json'
import countRows from '../../../tests/fixtures/ipc/count_rows.json'
import ecgs from '../../../tests/fixtures/ipc/ecgs.json'
import explain from '../../../tests/fixtures/ipc/explain.json'
import explainDays from '../../../tests/fixtures/ipc/explain_days.json'
import hideRows from '../../../tests/fixtures/ipc/hide_rows.json'
import actsDone from '../../../tests/fixtures/ipc/history.json'
import chartYears from '../../../tests/fixtures/ipc/chart_years.json'
import overlaps from '../../../tests/fixtures/ipc/overlaps.json'
import stays from '../../../tests/fixtures/ipc/stays.json'
import nights from '../../../tests/fixtures/ipc/nights.json'
import sessions from '../../../tests/fixtures/ipc/sessions.json'
import settings from '../../../tests/fixtures/ipc/settings.json'
import sourceOrder from '../../../tests/fixtures/ipc/source_order.json'
import sources from '../../../tests/fixtures/ipc/sources.json'
import editNight from '../../../tests/fixtures/ipc/edit_night.json'
import sql from '../../../tests/fixtures/ipc/sql.json'
import workout from '../../../tests/fixtures/ipc/workout.json'
import workouts from '../../../tests/fixtures/ipc/workouts.json'
import deleteAll from '../../../tests/fixtures/ipc/delete_all.json'
import holdings from '../../../tests/fixtures/ipc/holdings.json'
import keptCopies from '../../../tests/fixtures/ipc/kept_copies.json'
import verify from '../../../tests/fixtures/ipc/verify.json'
import importExport from '../../../tests/fixtures/ipc/import_export.json'
import importDetail from '../../../tests/fixtures/ipc/import_detail.json'
import imports from '../../../tests/fixtures/ipc/imports.json'
import status from '../../../tests/fixtures/ipc/status.json'
import takeBack from '../../../tests/fixtures/ipc/take_back.json'
import types from '../../../tests/fixtures/ipc/types.json'
import undo from '../../../tests/fixtures/ipc/undo_import.json'

type Answer = (args: Record<string, unknown>) => unknown

/** Every kept answer by the name of its file; a command has one of its own name. */
export const FILES: Record<string, { answer?: unknown; error?: unknown }> = Object.fromEntries(
  Object.entries(import.meta.glob<{ answer?: unknown }>('../../../tests/fixtures/ipc/*.json', { eager: true, import: 'default' })).map(
    ([path, file]) => [path.replace(/^.*\/|\.json$/g, ''), file],
  ),
)

export const kept: Record<string, Answer> = {
  ...Object.fromEntries(Object.entries(FILES).map(([name, { answer }]) => [name, () => answer ?? null])),
  status: () => status.answer,
  types: () => types.answer,
  imports: () => imports.answer,
  import_detail: () => importDetail.answer,
  undo_import: () => undo.answer,
  import_export: () => importExport.answer,
  chart: ({ question }) => {
    const { subject, small } = question as { subject: string; small?: boolean }
    if (subject.includes(':years') || subject === 'heart_zones') return chartYears.answer
    return small ? chartSmall.answer : subject.startsWith('sleep:night') ? chartNight.answer : chart.answer
  },
  nights: () => nights.answer,
  changes: () => changes.answer,
  beside: () => beside.answer,
  ecgs: () => ecgs.answer,
  explain: ({ day }) => ({ ...explain.answer, day }),
  explain_days: ({ from, to }) => ({ ...explainDays.answer, from, to }),
  workouts: () => workouts.answer,
  workout: () => workout.answer,
  overlaps: () => overlaps.answer,
  stays: () => stays.answer,
  sources: () => sources.answer,
  source_order: () => sourceOrder.answer,
  check: () => check.answer,
  sql: () => sql.answer,
  settings: () => settings.answer,
  agent_calls: () => agentCalls.answer,
  count_rows: () => countRows.answer,
  hide_rows: () => hideRows.answer,
  sessions: () => sessions.answer,
  edit_night: () => editNight.answer,
  history: () => actsDone.answer,
  take_back: () => takeBack.answer,
  opened_at: () => null,
  opened_with: () => [],
  // Closed dialogs.
  choose_export: () => null,
  choose_folder: () => null,
  holdings: () => holdings.answer,
  kept_copies: () => keptCopies.answer,
  verify: () => verify.answer,
  delete_all: () => deleteAll.answer,
}

export const emptyStore: Record<string, Answer> = {
  ...kept,
  status: () => ({ ...status.answer, records: 0, types: 0, first: null, last: null, first_day: null, last_day: null, entries: {} }),
  workouts: () => ({ ...workouts.answer, rows: [], kinds: [], all: 0, totals: { count: 0, duration_s: 0, distance_m: 0, energy_kcal: 0 } }),
  sources: () => [],
  types: () => [],
  imports: () => [],
}

export interface Page {
  asked: string[]
  close: () => void
}

/** Opens the page; `asked` fills with the names of the commands that it calls. */
export function open(answers: Record<string, Answer> = kept, address = '#/import'): Page {
  const asked: string[] = []
  mockIPC(
    (command, args) => {
      asked.push(command)
      return answers[command]?.(args as Record<string, unknown>)
    },
    { shouldMockEvents: true },
  )
  Object.assign(window.__TAURI_INTERNALS__ as object, {
    metadata: { currentWindow: { label: 'main' }, currentWebview: { label: 'main', windowLabel: 'main' } },
  })
  Object.assign(library, { status: null, imports: null, types: null, error: null, version: 0 })
  localStorage.clear()
  history.replaceState(null, '', address)
  reset()
  forgetJobs()
  forgetLink()
  forgetPhones()
  forgetServers()
  document.body.innerHTML = '<div id="app"></div>'
  const app = mount(App, { target: document.body.firstElementChild as HTMLElement })
  return { asked, close: () => void unmount(app) }
}

/** Waits until the page shows what is asked for. */
export async function until<T>(look: () => T | null | undefined | false): Promise<T> {
  for (let i = 0; i < 200; i++) {
    flushSync()
    const found = look()
    if (found) return found
    await new Promise((go) => setTimeout(go, 5))
  }
  throw new Error(`waited in vain at ${location.hash}; the page says: ${document.body.textContent}`)
}

export const says = (text: string) => until(() => document.body.textContent?.includes(text))

export function click(selector: string): void {
  const element = document.querySelector<HTMLElement>(selector)
  if (!element) throw new Error(`no ${selector}`)
  element.click()
  flushSync()
}

declare global {
  interface Window {
    __TAURI_INTERNALS__: unknown
  }
}

/** Nothing has a width without a layout, and a chart without one is not asked for. */
export function wide() {
  Object.defineProperty(HTMLElement.prototype, 'clientWidth', { configurable: true, get: () => 640 })
  return () => delete (HTMLElement.prototype as { clientWidth?: number }).clientWidth
}
