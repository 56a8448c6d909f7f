// What the screens do with what they are asked: filters, overlays, comparisons, units.
import { flushSync } from 'svelte'
import { afterEach, beforeEach, expect, test } from 'vitest'
import chartNight from '../../../tests/fixtures/ipc/chart_night.json'
import types from '../../../tests/fixtures/ipc/types.json'
import workouts from '../../../tests/fixtures/ipc/workouts.json'
import type { ChartQuestion } from '../answers'
import { plus } from '../days'
import { overlays } from '../views/sleep/overlays.svelte'
import { words } from '../words'
import { type Page, click, kept, open, says, until, wide } from './support'

let page: Page
let narrow: () => void

beforeEach(() => {
  narrow = wide()
})
afterEach(() => {
  narrow()
  page.close()
  overlays.clear()
})

/** Sleep among the types, which the invented ones lack. */
const withSleep = {
  ...kept,
  types: () => [...types.answer, { ...types.answer[0], word: 'sleep_analysis', name: 'Sleep', group: 'sleep', kind: 'category' }],
}

function change(selector: string, value: string) {
  const field = document.querySelector<HTMLInputElement | HTMLSelectElement>(selector)
  if (!field) throw new Error(`no ${selector}`)
  field.value = value
  field.dispatchEvent(new Event(field instanceof HTMLInputElement && field.type === 'search' ? 'input' : 'change', { bubbles: true }))
  flushSync()
}

test('filters of workouts come from the address and go there', async () => {
  const filters: unknown[] = []
  const answers = { ...kept, workouts: ({ filter }: Record<string, unknown>) => (filters.push(filter), workouts.answer) }
  page = open(answers, '#/workouts?least=30&search=park')
  await until(() => document.querySelector('[data-testid=totals]'))
  expect(filters.at(-1)).toEqual({ leastMin: 30, search: 'park', most: 100 })
  change('input[type=search]', 'lake & sea')
  await until(() => location.hash === '#/workouts?least=30&search=lake%20%26%20sea')
  change('input[type=date]', '2026-03-01')
  const wanted = { from: '2026-03-01', leastMin: 30, search: 'lake & sea', most: 100 }
  await until(() => JSON.stringify(filters.at(-1)) === JSON.stringify(wanted))
  click('form.filters .button')
  await until(() => location.hash === '#/workouts')
})

test('the totals are of all that fits and more rows come when asked for', async () => {
  const asked: number[] = []
  const many = { ...workouts.answer, totals: { count: 250, duration_s: 7200, distance_m: 42_195, energy_kcal: 4100 } }
  page = open({ ...kept, workouts: ({ filter }: Record<string, unknown>) => (asked.push((filter as { most: number }).most), many) }, '#/workouts')
  const totals = await until(() => document.querySelector('[data-testid=totals]')?.textContent)
  for (const text of ['250 workouts', '2\u00a0h 0\u00a0min', '42.2\u00a0km', '4,100\u00a0kcal']) expect(totals).toContain(text)
  click('button.more')
  await until(() => asked.at(-1) === 200)
})

test('what was measured in a night is drawn below it when chosen, and that is remembered', async () => {
  const subjects: string[] = []
  const night = { ...chartNight.answer, measured: ['heart_rate', 'respiratory_rate'] }
  const chart = ({ question }: Record<string, unknown>) => {
    const { subject } = question as { subject: string }
    if (subject.startsWith('sleep:night')) subjects.push(subject)
    return night
  }
  page = open({ ...withSleep, chart }, '#/sleep?range=day')
  const buttons = await until(() => {
    const found = [...document.querySelectorAll<HTMLElement>('.overlays button')]
    return found.length > 0 && found
  })
  expect(buttons.map((button) => button.textContent)).toEqual(['Heart rate', 'Respiratory rate'])
  buttons[1]?.click()
  await until(() => subjects.at(-1) === 'sleep:night:respiratory_rate')
  expect(localStorage.getItem('vitalog.night')).toBe('respiratory_rate')
})

test('C leads to the earlier time where a screen has one', async () => {
  page = open(kept, '#/heart?range=month')
  const card = await until(() => document.querySelector<HTMLElement>('[data-testid=beside]'))
  window.dispatchEvent(new KeyboardEvent('keydown', { key: 'c' }))
  expect(document.activeElement).toBe(card)
  expect(location.hash).toBe('#/heart?range=month')
})

test.each([
  [424, 14, '19\u00a0min more sleep than in the 14 nights of the four weeks before, which had 7\u00a0h 4\u00a0min on average.'],
  [483, 28, '40\u00a0min less sleep than in the 28 nights of the four weeks before, which had 8\u00a0h 3\u00a0min on average.'],
  [443, 20, 'As much sleep as in the 20 nights of the four weeks before, which had 7\u00a0h 23\u00a0min on average.'],
  [null, 13, 'A comparison needs 14 nights in the four weeks before; there are 13.'],
  [null, 1, 'A comparison needs 14 nights in the four weeks before; there is 1.'],
  [null, 0, 'There is no night in the four weeks before, so there is nothing to compare.'],
])('one night stands beside those of four weeks that had %s minutes in %s nights', async (beforeMin, beforeNights, expected) => {
  const nights = () => ({ ...(kept.nights?.({}) as object), beforeMin, beforeNights, beforeNeeds: 14 })
  page = open({ ...withSleep, chart: () => chartNight.answer, nights }, '#/sleep?range=day')
  await says(expected)
})

test.each([
  [{ nights: 0, naps: 1, inBedOnly: 0, asleepMin: null }, 'This day has no night of its own, only sleep that counts as a nap'],
  [{ nights: 0, naps: 0, inBedOnly: 1, asleepMin: null }, 'Of this night only the time in bed is known'],
  [{ nights: 0, naps: 0, inBedOnly: 0, asleepMin: null }, 'This day has no night of its own, so there is nothing to compare.'],
])('a day with %o says why nothing is compared', async (found, expected) => {
  const nights = () => ({ ...(kept.nights?.({}) as object), ...found, beforeNights: 20, beforeMin: 440 })
  page = open({ ...withSleep, chart: () => chartNight.answer, nights }, '#/sleep?range=day')
  await says(expected)
})

test('a day with a nap only says where the nap comes from', async () => {
  const sources = [{ source: 'Kim\u2019s Watch', id: 1, rows_used: 5, rows_left_out: 0, value: 479 }]
  const nap = { kind: 'nap', start: '2026-02-28T22:00:00.000Z', clock: ['22:00', '06:10'], asleep_min: 479, sources }
  const answer = { ...(kept.explain?.({}) as object), value: null, unit: 'min', naive_sum: null, nap_min: 479, sessions: [nap], sources: [] }
  page = open({ ...withSleep, chart: () => chartNight.answer, explain: ({ day }) => ({ ...answer, day }) }, '#/sleep?range=day')
  await says('No night, a nap of 7\u00a0h 59\u00a0min')
  await says('Nap from 22:00 to 06:10: 7\u00a0h 59\u00a0min')
  expect(document.querySelector('[data-testid=explain] table')?.textContent).toContain('Kim\u2019s Watch')
})

test.each([
  [null, words.changes.nothing],
  // How many of these days have data nobody asked.
  ['2026-02-20', 'From the first day with data up to here it is 10 days, with data or without.'],
  ['2026-01-01', words.changes.none],
])('data since %s say why nothing is told to have changed', async (first, expected) => {
  const status = { ...(kept.status?.({}) as object), first_day: first, last_day: first === null ? null : '2026-03-01' }
  page = open({ ...kept, status: () => status, changes: () => [] }, '#/overview')
  await says(expected)
})

test('one metric stands beside an earlier time and in years', async () => {
  const asked: unknown[] = []
  const beside = (args: Record<string, unknown>) => (asked.push(args.earlier), kept.beside?.(args))
  // Of a week that ends with the day that is asked for.
  const chart = (args: Record<string, unknown>) => {
    const { last } = args.question as { last: string }
    return { ...(kept.chart?.(args) as object), firstDay: plus(last, -6), lastDay: last }
  }
  page = open({ ...kept, beside, chart }, '#/compare/step_count?range=week&date=2026-02-20&by=periods')
  await until(() => asked.length > 0)
  // The very days of the second chart.
  await until(() => asked.at(-1) === '2026-02-07..2026-02-13')
  change('main .until input', '2025-12-31')
  await until(() => asked.at(-1) === '2025-12-25..2025-12-31')
  click('.picks .segments button:last-child')
  await says('Steps, year over year')
  expect(location.hash).toContain('by=years')
})

test('two metrics stand beside each other on the same day, the next one or the one before', async () => {
  const subjects: string[] = []
  const pairs: unknown[] = []
  const answers = {
    ...kept,
    chart: (args: Record<string, unknown>) => (subjects.push((args.question as { subject: string }).subject), kept.chart?.(args)),
    explain_pair: (args: Record<string, unknown>) => (pairs.push(args.pair), kept.explain_pair?.(args)),
  }
  page = open(answers, '#/compare/step_count/heart_rate?range=month&lag=next')
  await until(() => pairs.at(-1) === 'step_count,heart_rate:next' && subjects.includes('step_count,heart_rate:next'))
  expect(document.querySelector('main h2')?.textContent?.trim()).toBe('Steps against Heart rate of the next day')
  const lags = () => [...document.querySelectorAll<HTMLElement>(`[aria-label="${words.compare.lag}"] button`)]
  expect(lags().map((button) => [button.textContent, button.getAttribute('aria-pressed')])).toEqual([
    ['Same day', 'false'],
    ['Next day', 'true'],
    ['Day before', 'false'],
  ])
  lags()[2]?.click()
  await until(() => location.hash === '#/compare/step_count/heart_rate?range=month&lag=before')
  await until(() => pairs.at(-1) === 'step_count,heart_rate:before')
  lags()[0]?.click()
  await until(() => location.hash === '#/compare/step_count/heart_rate?range=month')
  await until(() => pairs.at(-1) === 'step_count,heart_rate')
})

test('sources say on which days several wrote, and where the wearer was', async () => {
  page = open(kept, '#/sources')
  const overlaps = await until(() => document.querySelector('[data-testid=overlaps]')?.textContent)
  expect(overlaps).toContain('Steps')
  const stays = document.querySelector('[data-testid=stays]')?.textContent
  expect(stays).toContain('Home is Europe/Berlin. Chosen by you.')
})

test('a type has a unit of its own', async () => {
  const set: unknown[] = []
  const answers = {
    ...kept,
    types: () => types.answer.map((row) => ({ ...row, units: ['kcal', 'kJ'] })),
    settings: () => ({ units_of: 'body_mass=lb, step_count=kcal' }),
    set_setting: (args: Record<string, unknown>) => (set.push(args), { units_of: args.to }),
  }
  page = open(answers, '#/type/step_count')
  await until(() => document.querySelector('.about select'))
  await until(() => document.querySelector<HTMLSelectElement>('.about select')?.value === 'kcal')
  change('.about select', 'kJ')
  await until(() => set.length === 1)
  expect(set).toMatchObject([{ key: 'units_of', to: 'body_mass=lb, step_count=kJ' }])
})

test('of a long answer the window holds a page at a time', async () => {
  const rows = Array.from({ length: 1000 }, (_, i) => [`day ${i}`, i])
  page = open({ ...kept, sql: () => ({ columns: ['day', 'value'], rows, cut: false }) }, '#/query')
  await until(() => document.querySelector('#statement'))
  click('.primary')
  const shown = () => [...document.querySelectorAll('tbody th')].map((cell) => cell.textContent)
  await says('1 to 300 of 1,000 rows')
  expect(shown()).toHaveLength(300)
  const after = () => [...document.querySelectorAll<HTMLButtonElement>('.pages button')].at(-1)
  for (const text of ['301 to 600', '601 to 900', '901 to 1,000']) {
    after()?.click()
    await says(text)
  }
  expect(shown()).toEqual(rows.slice(900).map(([day]) => day))
  expect(after()?.disabled).toBe(true)
})

test.each([
  ['month', '2025-12-01', '2025-12-01'],
  ['month', '2026-02-20', '2026-03-01'],
  ['all', '2025-12-01', '2026-03-01'],
])('an area over a %s whose rows end on %s ends on %s', async (range, ends, expected) => {
  const asked: unknown[] = []
  // Cards are small: those of another screen.
  const chart = (args: Record<string, unknown>) => {
    const { subject, small, last } = args.question as ChartQuestion
    if (subject === 'heart_rate' && !small) asked.push(last)
    return kept.chart?.(args)
  }
  const heart = types.answer.map((row) => (row.group === 'heart' ? { ...row, last_day: ends } : row))
  page = open({ ...kept, chart, types: () => heart }, `#/heart?range=${range}`)
  await until(() => asked.length > 0)
  expect(new Set(asked)).toEqual(new Set([expected]))
  // Also for who comes from another one.
  click('nav a.overview')
  await says(words.changes.title)
  asked.length = 0
  location.hash = `#/heart?range=${range}`
  await until(() => asked.length > 0)
  expect(new Set(asked)).toEqual(new Set([expected]))
})

test('the night edit leads back to what an ignored night was', async () => {
  const [nap] = kept.history?.({}) as object[]
  const ignored = { ...nap, act: 9, what: 'ignore', taken_back: null, wiped: null, nights: ['2026-03-14'] }
  const earlier = { ...ignored, act: 8, nights: ['2026-03-13'] }
  const chart = () => ({ ...chartNight.answer, firstDay: '2026-03-13', lastDay: '2026-03-14' })
  page = open({ ...withSleep, chart, sessions: () => [], history: () => [ignored, earlier] }, '#/sleep?range=day&date=2026-03-14')
  await says(words.sessions.edits)
  expect(document.querySelectorAll('[data-testid=history] li')).toHaveLength(1)
})
