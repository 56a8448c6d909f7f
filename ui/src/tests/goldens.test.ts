// Every command's kept answer, which tests/ipc.rs writes, as the page gets it: by the one function that asks for it.
import { mockIPC } from '@tauri-apps/api/mocks'
import { afterEach, expect, test } from 'vitest'
import * as ipc from '../ipc'
import source from '../ipc.ts?raw'
import { words } from '../words'
import backUp from '../../../tests/fixtures/ipc/back_up.json'
import chooseBackup from '../../../tests/fixtures/ipc/choose_backup.json'
import compact from '../../../tests/fixtures/ipc/compact.json'
import exported from '../../../tests/fixtures/ipc/export_everything.json'
import restored from '../../../tests/fixtures/ipc/restore.json'
import { FILES, type Page, click, kept, open, until } from './support'

let page: Page | null = null

afterEach(() => {
  page?.close()
  page = null
})

const question = { subject: 'step_count', range: 'week', last: null, width: 640, height: 280, theme: 'light' } as const
const rows = { word: 'step_count', from: null, to: null, source: null }
const hear = () => {}
const place = { protocol: 'vitalog', url: 'http://127.0.0.1:8787', certificate: null }
const entry = { way: 'key', id: '', secret: 'hi_KEY', keep: 'file' } as const

/** Each command by the function that asks for it. */
const CALLS: Record<string, () => Promise<unknown>> = {
  status: ipc.status,
  types: ipc.types,
  opened_with: ipc.openedWith,
  opened_at: ipc.openedAt,
  announce: () => ipc.announce('Done', '3 new'),
  zoom: () => ipc.zoom(1.25),
  close: ipc.close,
  set_menu: () => ipc.setMenu({}, false),
  imports: ipc.imports,
  import_detail: () => ipc.importDetail(3),
  cancel_import: ipc.cancelImport,
  chart: () => ipc.chart(question),
  save_chart: () => ipc.saveChart(question, 'svg', 'Save', 'Steps'),
  save_route: () => ipc.saveRoute(1, 'Save', 'Run'),
  nights: () => ipc.nights('2026-03-14', '2026-03-14'),
  changes: () => ipc.changes('2026-04-01'),
  ecgs: ipc.ecgs,
  beside: () => ipc.beside('step_count', '2026-03-05', '2026-04-01', 'before'),
  explain: () => ipc.explain('step_count', '2026-03-14'),
  explain_days: () => ipc.explainDays('heart_rate', '2026-03-01', '2026-03-31'),
  explain_pair: () => ipc.explainPair('step_count,heart_rate', '2026-03-13', '2026-03-16'),
  explain_stretch: () => ipc.explainStretch('step_count', 1_773_478_800_000, 1_773_482_400_000),
  workouts: () => ipc.workouts({ most: 100 }),
  workout: () => ipc.workout(3),
  sources: ipc.sources,
  overlaps: ipc.overlaps,
  stays: ipc.stays,
  source_order: () => ipc.sourceOrder('step_count'),
  set_source_order: () => ipc.setSourceOrder('step_count', [2, 1]),
  count_rows: () => ipc.countRows(rows),
  hide_rows: () => ipc.hideRows(rows, true),
  sessions: () => ipc.sessions('2026-03-14'),
  edit_night: () => ipc.editNight('nap', '2026-03-13T22:00:00.000Z', null),
  history: ipc.history,
  take_back: () => ipc.takeBack(1),
  check: ipc.check,
  sql: () => ipc.sql('SELECT 1'),
  background: () => ipc.background(words.background.tray),
  set_background: () => ipc.setBackground(true),
  set_login: () => ipc.setLogin(true),
  settings: ipc.settings,
  set_setting: () => ipc.setSetting('units', 'imperial'),
  doctor: ipc.doctor,
  agent_calls: () => ipc.agentCalls(20),
  configure_agent: () => ipc.configureAgent('Where', 'mcp'),
  holdings: ipc.holdings,
  kept_copies: ipc.keptCopies,
  compact: ipc.compact,
  back_up: () => ipc.backUp('Where', 'Vitalog'),
  choose_backup: () => ipc.chooseBackup('Choose', 'Backup'),
  restore: ipc.restore,
  bring_back: () => ipc.bringBack('a copy'),
  delete_all: ipc.deleteAll,
  verify: () => ipc.verify(false, hear),
  export_everything: () => ipc.exportEverything('jsonl', 'Where', hear),
  choose_export: () => ipc.chooseExport('Choose', 'Export'),
  choose_folder: () => ipc.chooseExportFolder('Choose'),
  import_export: () => ipc.importExport('export.zip', hear),
  undo_import: () => ipc.undoImport(2, hear),
  sample: () => ipc.sample(true, hear),
  phones: ipc.phones,
  receive: () => ipc.receive(true),
  invite: () => ipc.invite('healthsync', 'Kim'),
  invitation: () => ipc.invitation(1),
  answer_guest: () => ipc.answerGuest(1, true),
  add_device: () => ipc.addDevice('health-auto-export', '1'),
  set_device: () => ipc.setDevice(1, 'pause'),
  rename_device: () => ipc.renameDevice(1, 'Kim'),
  brought: () => ipc.brought(1),
  undo_device: () => ipc.undoDevice(1, hear),
  servers: ipc.servers,
  knock: () => ipc.knock(place),
  add_server: () => ipc.addServer(place, entry, 'home', null),
  choose_rows: () => ipc.chooseRows('home', { types: [], since: null, every_s: 900 }),
  sign_in: () => ipc.signIn('home', entry),
  set_server: () => ipc.setServer('home', 'remove'),
  test_server: () => ipc.testServer('home'),
  preview_server: () => ipc.previewServer('home'),
  dry_run: () => ipc.dryRun('home'),
  send_now: () => ipc.sendNow('home', hear),
  stop_sending: () => ipc.stopSending('home'),
  refused: () => ipc.refused('home'),
  server_report: () => ipc.serverReport('home'),
}

test('every command that the page can ask for is asked here', () => {
  const commands = [...source.matchAll(/invoke<[^(]*\('(\w+)'/g)].map(([, command]) => command)
  expect(commands.length).toBeGreaterThan(40)
  expect(Object.keys(CALLS).sort()).toEqual(commands.sort())
})

test.each(Object.keys(CALLS))('the page gets the kept answer of %s', async (command) => {
  const file = FILES[command]
  expect(file, `tests/fixtures/ipc/${command}.json`).toHaveProperty('answer')
  const asked: string[] = []
  mockIPC((name) => {
    asked.push(name)
    return file?.answer
  })
  expect(await CALLS[command]?.()).toEqual(file?.answer)
  expect(asked).toEqual([command])
})

// The types of the page are those of the program: svelte-check compares them.
const backedUp: ipc.BackedUp = backUp.answer
const backup: ipc.Backup = chooseBackup.answer
const compacted: ipc.Compacted = compact.answer
const out: ipc.Exported = exported.answer
const back: ipc.Restored = restored.answer

test('what the settings do is told from the kept answers', async () => {
  page = open(kept, '#/settings')
  const press = async (part: string, name: string) => {
    const button = await until(() =>
      [...document.querySelectorAll<HTMLButtonElement>(`[data-testid=${part}] button`)].find((one) => one.textContent?.trim() === name && !one.disabled),
    )
    button.click()
  }
  const told = (part: string, text: string) =>
    until(() => [...document.querySelectorAll(`[data-testid=${part}] [role=status]`)].some((one) => one.textContent?.includes(text)))
  await press('data', words.data.compactNow)
  await told('data', words.data.compacted('1.0\u00a0MB', '1.0\u00a0MB', compacted.copies_removed))
  await press('backups', words.data.backUpNow)
  await told('backups', words.data.backedUp(backedUp.records, '1.0\u00a0MB', backedUp.file))
  await press('backups', words.data.restoreChoose)
  await until(() => document.querySelector('[data-testid=chosen]')?.textContent?.includes(`${backup.file} holds ${words.import.records(backup.records)}`))
  await press('backups', words.data.restoreNow)
  await told('backups', words.data.restored(back.records, back.kept !== null, back.damaged))
  expect(out.records).toBe(42)
  await press('data', words.data.lookNow)
  const { answer } = FILES.doctor as { answer: { check: string }[] }
  await until(() => answer.every(({ check }) => document.querySelector('[data-testid=data]')?.textContent?.includes(words.settings.checks[check] ?? check)))
})

test('a folder is chosen and imported as a file is', async () => {
  page = open({ ...kept, choose_folder: () => '/somewhere/apple_health_export' }, '#/import')
  await until(() => document.querySelector('.both .button'))
  click('.both .button')
  await until(() => page?.asked.includes('import_export'))
  expect(page.asked.indexOf('choose_folder')).toBeLessThan(page.asked.indexOf('import_export'))
})
