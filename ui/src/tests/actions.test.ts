// Menus, keys and the palette do the same, and files that are handed over are imported.
import { emit } from '@tauri-apps/api/event'
import { afterEach, expect, test, vi } from 'vitest'
import importExport from '../../../tests/fixtures/ipc/import_export.json'
import menuActions from '../../../tests/fixtures/ipc/menu_actions.json'
import { LANGUAGES, words } from '../words'
import { type Page, emptyStore, kept, open, until } from './support'

let page: Page | null = null

afterEach(() => {
  page?.close()
  page = null
  vi.restoreAllMocks()
})

const press = (key: string, more: KeyboardEventInit = {}) => window.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...more }))

/** Opens the page and keeps what some commands were asked with. */
async function watched(commands: string[], address = '#/heart', answers = kept) {
  const heard: [string, Record<string, unknown>][] = []
  const watch = (command: string) => (args: Record<string, unknown>) => {
    heard.push([command, args])
    return answers[command]?.(args) ?? null
  }
  page = open({ ...answers, ...Object.fromEntries(commands.map((command) => [command, watch(command)])) }, address)
  await until(() => document.querySelector('main h1'))
  return heard
}

test('the menus get every word in every language', async () => {
  const heard = await watched(['set_menu'])
  const said = (await until(() => heard[0]))[1] as { words: Record<string, string>; shown: boolean }
  expect(said.shown).toBe(false)
  for (const name of menuActions) expect(said.words[name], name).toBeTruthy()
  for (const title of ['app', 'file', 'edit', 'view', 'go', 'help', 'close', 'quit', 'paste']) expect(said.words[title], title).toBeTruthy()
  expect([said.words.range_half_year, said.words.go_sleep]).toEqual([words.menu.range_half_year, words.places.sleep])
  // The window refuses longer ones.
  for (const language of Object.values(LANGUAGES)) for (const word of Object.values(language.menu)) expect(word.length).toBeLessThan(60)
})

test.each([
  ['go_sleep', '#/sleep'],
  ['go_query', '#/query'],
  ['settings', '#/settings'],
  ['export', '#/settings'],
  ['about', '#/about'],
  ['range_year', '#/heart?range=year'],
  ['range_half_year', '#/heart?range=half_year'],
  ['earlier', '#/heart?range=month&date=2026-01-30'],
])('the menu item %s leads to %s', async (name, address) => {
  await watched([])
  await until(() => document.querySelector('[data-testid=days]'))
  await emit('act', name)
  await until(() => location.hash === address)
})

test('every item of the menus does something', async () => {
  await watched([])
  const { actions } = await import('../actions')
  const all = actions({ palette: () => {}, keys: () => {}, sidebar: () => {} })
  for (const name of menuActions) expect(typeof all[name], name).toBe('function')
})

test('an item closes the dialog that lies above the page', async () => {
  await watched([])
  press('k', { ctrlKey: true })
  await until(() => document.querySelector('dialog[open]'))
  await emit('act', 'go_sleep')
  await until(() => location.hash === '#/sleep' && document.querySelector('dialog[open]') === null)
})

test('keys do what the menus do', async () => {
  const heard = await watched(['zoom', 'set_menu', 'choose_export', 'close'])
  const names = () => heard.map(([command]) => command)
  press('+', { ctrlKey: true, shiftKey: true })
  press('=', { ctrlKey: true })
  press('-', { ctrlKey: true })
  press('0', { metaKey: true })
  await until(() => heard.filter(([command]) => command === 'zoom').length === 4)
  expect(heard.filter(([command]) => command === 'zoom').map(([, args]) => args.factor)).toEqual([1.1, 1.25, 1.1, 1])
  press('F10')
  press('F10')
  await until(() => names().filter((name) => name === 'set_menu').length === 3)
  expect(heard.filter(([command]) => command === 'set_menu').map(([, args]) => args.shown)).toEqual([false, true, false])
  press('o', { ctrlKey: true })
  await until(() => names().includes('choose_export'))
  press(',', { ctrlKey: true })
  await until(() => location.hash === '#/settings')
  press('q', { metaKey: true })
  expect(names()).not.toContain('close')
  press('q', { ctrlKey: true })
  await until(() => names().includes('close'))
})

test('the palette offers what can be done', async () => {
  const heard = await watched(['zoom'])
  press('k', { ctrlKey: true })
  const input = (await until(() => document.querySelector('dialog[open] input'))) as HTMLInputElement
  input.value = words.menu.zoom_in
  input.dispatchEvent(new Event('input', { bubbles: true }))
  await until(() => document.querySelectorAll('[role=option]').length === 1)
  input.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true }))
  await until(() => heard.length === 1)
})

test('files of a second start are imported one after the other', async () => {
  let waiting = [['/a/one.zip'], ['/a/two.zip', '/a/three.zip']]
  const opened_with = () => waiting.shift() ?? []
  const heard = await watched(['import_export'], '#/overview', { ...emptyStore, opened_with })
  await until(() => heard.length === 1)
  await emit('handed', null)
  await until(() => heard.length === 3)
  expect(heard.map(([, args]) => args.path)).toEqual(['/a/one.zip', '/a/two.zip', '/a/three.zip'])
  expect(location.hash).toBe('#/import')
  await emit('handed', null)
  expect(waiting).toEqual([])
})

test('what comes from a phone is shown', async () => {
  const heard = await watched(['status'])
  await until(() => heard.length === 1)
  await emit('arrived', null)
  await until(() => heard.length === 2)
})

test.each([
  ['long', 10_000, importExport.answer, [words.import.isImported('one.zip'), '990 new records']],
  ['long and in vain', 10_000, { code: 'not_an_export', message: 'No.', hint: '' }, [words.notImported('one.zip'), '']],
  ['long and cancelled', 10_000, { code: 'cancelled', message: 'No.', hint: '' }, null],
  ['short', 9_999, importExport.answer, null],
] as const)('the end of an import that was %s is announced where it should be', async (_, ms, answer, expected) => {
  let now = 1000
  vi.spyOn(performance, 'now').mockImplementation(() => now)
  let waiting = ['/a/one.zip']
  const import_export = () => {
    now += ms
    return 'code' in answer ? Promise.reject(answer) : answer
  }
  const opened_with = () => waiting.splice(0)
  const heard = await watched(['announce'], '#/import', { ...emptyStore, opened_with, import_export })
  await until(() => document.querySelector('[data-testid=report], main [role=alert], p[role=status].card'))
  expect(heard.map(([, { title, text }]) => [title, text])).toEqual(expected === null ? [] : [expected])
})

test('an address that comes with a start, or with a second one, is gone to', async () => {
  const waiting = ['#/sleep?range=week&date=2026-02-14']
  await watched([], '#/overview', { ...kept, opened_at: () => waiting.shift() ?? null })
  await until(() => location.hash === '#/sleep?range=week&date=2026-02-14')
  waiting.push('#/type/heart_rate?range=year')
  await emit('handed')
  await until(() => location.hash === '#/type/heart_rate?range=year')
})

test('a link to the view says its days, and leads to them', async () => {
  await watched([], '#/heart?range=week')
  await until(() => document.querySelector('[data-testid=days]'))
  press('l')
  const said = await until(() => document.querySelector('[data-testid=link] code'))
  expect(said.textContent).toBe('#/heart?range=week&date=2026-03-01')
})

test('a link to a view without days has none', async () => {
  await watched([], '#/settings')
  press('l')
  const said = await until(() => document.querySelector('[data-testid=link] code'))
  expect(said.textContent).toBe('#/settings')
})
