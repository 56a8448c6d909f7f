// The data cannot be opened or written to: what the page says at its start and at an action, with the next step.
import { afterEach, expect, test } from 'vitest'
import { here } from '../trouble'
import { LANGUAGES, words } from '../words'
import { type Page, click, kept, open, until, wide } from './support'

let page: Page | null = null

afterEach(() => {
  page?.close()
  page = null
})

const CODES = ['store_damaged', 'store_newer', 'store_busy', 'store_read_only', 'store_failed', 'no_space', 'file']
const fails = (code: string) => () => Promise.reject({ code, message: `The program said ${code}.`, hint: 'Its hint.' })
const shown = (selector: string) => document.querySelector<HTMLElement>(selector)?.textContent ?? ''

test.each(CODES)('a start with %s says what it is and what to do', async (code) => {
  let broken = true
  const status = () => (broken ? fails(code)() : kept.status?.({}))
  page = open({ ...kept, status }, '#/overview')
  const trouble = await until(() => document.querySelector('[data-testid=trouble]'))
  const said = words.trouble.codes[code]
  expect(shown('main h1')).toBe(said?.title)
  expect(trouble.textContent).toContain(said?.text ?? `The program said ${code}.`)
  const steps = [...trouble.querySelectorAll('li')].map((step) => step.textContent)
  expect(steps).toEqual(said?.steps.map((step) => step.replaceAll('`', '')))
  expect(trouble.querySelector('a')?.getAttribute('href')).toBe('#/settings')
  broken = false
  click('[data-testid=trouble] button')
  await until(() => document.querySelector('[data-testid=trouble]') === null && shown('main h1') === words.places.overview)
})

test.each(CODES)('an undo that meets %s says the next step, and the rest can be looked at', async (code) => {
  page = open({ ...kept, undo_import: fails(code) }, '#/import')
  await until(() => document.querySelector('li .button'))
  click('li .button')
  await until(() => document.querySelectorAll('li .button').length === 3)
  click('li .button')
  const note = await until(() => document.querySelector('main [role=alert]'))
  const said = words.trouble.codes[code]
  const expected = said?.text ? [said.title, ...said.steps.map((step) => step.replaceAll('`', ''))] : [`The program said ${code}.`, 'Its hint.']
  for (const text of expected) expect(note.textContent).toContain(text)
  click('nav a.types')
  await until(() => document.querySelector('tr[data-identifier=HKQuantityTypeIdentifierHeartRate]'))
})

test('what helps can be reached while the data cannot be opened', async () => {
  page = open({ ...kept, status: fails('store_damaged') }, '#/overview')
  await until(() => document.querySelector('[data-testid=trouble]'))
  click('[data-testid=trouble] a')
  await until(() => shown('main h1') === words.places.settings && document.querySelector('main select'))
  click('nav a.about')
  await until(() => shown('main h1') === words.places.about)
  click('nav a.heart')
  await until(() => document.querySelector('[data-testid=trouble]'))
})

test('a code without words of its own is told in those of the program', async () => {
  page = open({ ...kept, status: fails('unheard_of') }, '#/overview')
  await until(() => shown('[data-testid=trouble]').includes('The program said unheard_of.'))
  expect(shown('[data-testid=trouble]')).toContain('Its hint.')
})

test.each([
  ['Its hint.', 'Its hint.'],
  ['Did you mean days? `vitalog sql "SELECT name FROM sqlite_master"` lists them all.', 'Did you mean days?'],
  ['`vitalog types` lists what is in the store.', ''],
  ['', ''],
])('a window says no next step of the command line: %s', (hint, expected) => expect(here(hint)).toBe(expected))

test('every language knows the same troubles, with at least one step', () => {
  for (const [name, language] of Object.entries(LANGUAGES)) {
    expect(Object.keys(language.trouble.codes).sort(), name).toEqual([...CODES].sort())
    for (const [code, { steps, text }] of Object.entries(language.trouble.codes)) {
      expect(steps.length, code).toBeGreaterThan(0)
      expect(text === null, `${name} ${code}`).toBe(LANGUAGES.en.trouble.codes[code]?.text === null)
    }
  }
})

test('a fault of one screen leaves the window as it is, and the screen can be tried again', async () => {
  let broken = true
  const workouts = () => (broken ? { ...(kept.workouts?.({}) as object), totals: null } : kept.workouts?.({}))
  page = open({ ...kept, workouts }, '#/workouts')
  const note = await until(() => document.querySelector('[data-testid=broken]'))
  expect(shown('main h1')).toBe(words.trouble.screen.title)
  expect(note.textContent).toContain(words.trouble.screen.text)
  // Another screen is a step away, and so is the way back.
  click('nav a.types')
  await until(() => document.querySelector('tr[data-identifier=HKQuantityTypeIdentifierHeartRate]'))
  click('nav a.workouts')
  await until(() => document.querySelector('[data-testid=broken]'))
  broken = false
  click('[data-testid=broken] button')
  await until(() => document.querySelector('[data-testid=totals]'))
  expect(document.querySelector('[data-testid=broken]')).toBe(null)
})

const alike = <T>(row: T): T[] => [row, row]
const detail = kept.workout?.({}) as { why: { sources?: object[] }[] }
const twice = detail.why.map((why) => ({ ...why, sources: alike({ source: 'Phone', rows_used: 1, rows_left_out: 0 }) }))
const week = ['2026-03-09', '2026-03-15']
const averages = { now: 60, earlier: 60, difference: 0, relative: 0, unit: 'bpm', digits: 0, withData: [7, 7], ofDays: 7 }

test.each([
  ['#/workouts/1', { workout: () => ({ ...detail, why: twice }) }, '[data-testid=explain] dd span + span'],
  ['#/compare/step_count/step_count', {}, 'main [data-testid=explain] table'],
  ['#/heart?range=week', { beside: () => ({ days: week, earlierDays: week, averages, reason: null }) }, '[data-testid=beside] tbody tr + tr'],
  ['#/type/heart_rate?why=2026-03-14,2026-03-14', {}, '[data-testid=explain] tbody tr + tr'],
  [
    '#/type/heart_rate?why=2026-03-14',
    { explain: () => ({ ...(kept.explain?.({}) as object), day: '2026-03-14', double_entries: alike({ at: '08:00', value: 1, sources: 2 }) }) },
    '[data-testid=explain] .faint + .faint',
  ],
] as const)('two rows of one name stop nothing at %s', async (address, answers, rows) => {
  const narrow = wide()
  page = open({ ...kept, ...answers }, address)
  await until(() => document.querySelector(rows))
  narrow()
  expect(document.querySelector('[data-testid=broken]')).toBe(null)
})
