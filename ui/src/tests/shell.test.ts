import { afterEach, expect, test } from 'vitest'
import { href, parse } from '../address.svelte'
import { between, plus, step } from '../days'
import { PLACES } from '../places'
import { words } from '../words'
import { type Page, click, emptyStore, kept, open, says, until } from './support'

let page: Page | null = null

afterEach(() => {
  page?.close()
  page = null
})

const title = () => document.querySelector('main h1')?.textContent
const press = (key: string, more: KeyboardEventInit = {}) => window.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, ...more }))

test('every screen has a stable address, and the sidebar leads there', async () => {
  for (const answers of [kept, emptyStore]) {
    page = open(answers)
    await until(() => document.querySelector('nav a'))
    for (const place of PLACES) {
      const link = document.querySelector(`nav a[href="#/${place}"]`)
      expect(link?.textContent, place).toContain(words.places[place])
      click(`nav a[href="#/${place}"]`)
      await until(() => location.hash === `#/${place}` && document.querySelector(`nav a[href="#/${place}"][aria-current=page]`))
      await until(() => (title() ?? '') !== '')
      expect(document.querySelectorAll('h1').length, place).toBe(1)
    }
    page.close()
    page = null
  }
})

test('addresses are read as they are written', () => {
  for (const place of PLACES) expect(parse(href(place)).place, place).toBe(place)
  expect(parse('#/type/heart_rate?range=week&date=2026-03-02')).toEqual({
    place: 'types',
    rest: ['heart_rate'],
    range: 'week',
    date: '2026-03-02',
    asked: {},
  })
  expect(href('types', { rest: ['heart_rate'], range: 'week', date: '2026-03-02' })).toBe('#/type/heart_rate?range=week&date=2026-03-02')
  expect(parse('#/heart?range=17').range).toBe('17')
  const asked = { kind: 'a&b', from: '2026-01-01', search: 'lake & sea' }
  expect(parse(href('workouts', { asked })).asked).toEqual(asked)
  expect(parse('#/workouts?moon=1&kind=').asked).toEqual({})
  for (const odd of ['', '#', '#/moon', '#/heart?range=fortnight', '#/heart?date=tomorrow']) {
    const { range, date } = parse(odd)
    expect([range, date], odd).toEqual([null, null])
  }
  expect(parse('#/moon').place).toBe('overview')
})

test('days are counted without a clock', () => {
  expect(plus('2026-02-28', 1)).toBe('2026-03-01')
  expect(step('2026-03-08', 'week', -1)).toBe('2026-03-01')
  expect(step('2026-03-08', '17', 1)).toBe('2026-03-25')
  expect(step('2026-03-08', 'all', 1)).toBe('2026-03-08')
  expect(between('2026-03-01', '2026-03-10', 0.25, 0.5)).toEqual({ last: '2026-03-05', days: 3 })
  expect(between('2026-03-01', '2026-03-10', 0.99, 1)).toEqual({ last: '2026-03-10', days: 1 })
})

test('the window opens where it was left', async () => {
  page = open(kept, '#/types')
  await says('2 types')
  page.close()
  const left = localStorage.getItem('vitalog.last')
  page = open(kept, '#')
  localStorage.setItem('vitalog.last', left ?? '')
  page.close()
  history.replaceState(null, '', '#')
  expect(left).toBe('#/types')
})

test('a new user begins at the page that explains how', async () => {
  page = open(emptyStore, '#')
  await says('Drop export.zip here')
  expect(location.hash).toBe('#/import')
})

test('ranges, keys and the palette lead to the same addresses', async () => {
  page = open(kept, '#/heart')
  await until(() => document.querySelector('[data-testid=days]'))
  press('2')
  await until(() => location.hash === '#/heart?range=week')
  press('ArrowLeft', { shiftKey: true })
  await until(() => location.hash === '#/heart?range=week&date=2026-02-22')
  press('t')
  await until(() => location.hash === '#/heart?range=week')
  press('g')
  press('s')
  await until(() => location.hash === '#/sleep')
  press('c')
  await until(() => location.hash === '#/compare')
})

test('single-letter keys can be switched off', async () => {
  page = open(kept, '#/settings')
  const select = (await until(() => document.querySelector('select[aria-label="Single-letter keys"]'))) as HTMLSelectElement
  select.value = 'off'
  select.dispatchEvent(new Event('change', { bubbles: true }))
  press('c')
  expect(location.hash).toBe('#/settings')
  select.value = 'on'
  select.dispatchEvent(new Event('change', { bubbles: true }))
})

test('the window is dark or light as somebody chooses', async () => {
  page = open(kept, '#/settings')
  const select = (await until(() => document.querySelector('select[aria-label="Colours"]'))) as HTMLSelectElement
  for (const theme of ['dark', 'light']) {
    select.value = theme
    select.dispatchEvent(new Event('change', { bubbles: true }))
    expect(document.documentElement.dataset.theme).toBe(theme)
  }
  select.value = 'system'
  select.dispatchEvent(new Event('change', { bubbles: true }))
})
