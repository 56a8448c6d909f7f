// Every number leads to where it comes from, and every chart of hours to its parts.
import { flushSync } from 'svelte'
import { afterEach, expect, test } from 'vitest'
import chart from '../../../tests/fixtures/ipc/chart.json'
import chartYears from '../../../tests/fixtures/ipc/chart_years.json'
import explainStretch from '../../../tests/fixtures/ipc/explain_stretch.json'
import { words } from '../words'
import { click, kept, open, until, type Page } from './support'

let page: Page
afterEach(() => page.close())

/** A page lays nothing out here, so its charts have no width of their own. */
function wide() {
  const before = Object.getOwnPropertyDescriptor(HTMLElement.prototype, 'clientWidth')
  Object.defineProperty(HTMLElement.prototype, 'clientWidth', { configurable: true, get: () => 640 })
  return () => (before ? Object.defineProperty(HTMLElement.prototype, 'clientWidth', before) : delete (HTMLElement.prototype as { clientWidth?: number }).clientWidth)
}

async function onChart(address: string, answers = kept) {
  const narrow = wide()
  page = open(answers, address)
  const slider = await until(() => document.querySelector<HTMLElement>('[role=slider]'))
  narrow()
  slider.setPointerCapture = () => {}
  return slider
}

const press = (slider: HTMLElement, key: string, shiftKey = false) => {
  slider.dispatchEvent(new KeyboardEvent('keydown', { key, shiftKey, bubbles: true, cancelable: true }))
  flushSync()
}

test('Enter at the cursor explains that day, and the page comes to it', async () => {
  const slider = await onChart('#/type/heart_rate?range=week')
  press(slider, 'Home')
  press(slider, 'Enter')
  await until(() => location.hash === '#/type/heart_rate?range=week&why=2026-03-14')
  const section = await until(() => document.querySelector('[data-testid=explain]:focus'))
  expect(section.textContent).toContain('14 Mar 2026')
  // The same again comes back to it.
  slider.focus()
  press(slider, 'Enter')
  expect(document.activeElement).toBe(section)
})

test('a click on a slot explains it, and a finger reads first', async () => {
  const slider = await onChart('#/heart')
  const { left, right } = chart.answer.scale
  const { x0, x1 } = chart.answer.scale
  const slot = chart.answer.slots[0] as { from: number; to: number }
  const clientX = left + (((slot.from + slot.to) / 2 - x0) / (x1 - x0)) * (right - left)
  const tap = (pointerType: string) => {
    for (const type of ['pointerdown', 'pointerup']) slider.dispatchEvent(new PointerEvent(type, { clientX, button: 0, bubbles: true, pointerId: 1, pointerType }))
    flushSync()
  }
  tap('touch')
  expect(location.hash).toBe('#/heart')
  tap('mouse')
  await until(() => location.hash === '#/type/heart_rate?range=month&why=2026-03-14')
})

/** A click into the middle of what a slot takes of the plot. */
function clickOn(slider: HTMLElement, { scale }: { scale: typeof chart.answer.scale }, slot: { from: number; to: number; rows?: [number, number] }) {
  const { left, right, top, bottom, x0, x1, y0, y1 } = scale
  const row = slot.rows ? (slot.rows[0] + slot.rows[1]) / 2 : (y0 + y1) / 2
  const clientX = left + (((slot.from + slot.to) / 2 - x0) / (x1 - x0)) * (right - left)
  const clientY = bottom - ((row - y0) / (y1 - y0)) * (bottom - top)
  for (const type of ['pointerdown', 'pointerup']) slider.dispatchEvent(new PointerEvent(type, { clientX, clientY, button: 0, bubbles: true, pointerId: 1 }))
  flushSync()
}

test('each cell of a calendar leads to its day, also where several stand above each other', async () => {
  const cell = (week: number, row: number, day: string) => ({ from: week, to: week + 1, rows: [row, row + 1] as [number, number], label: day, parts: [], days: [day, day] })
  const cells = [cell(0, 6, '2026-03-02'), cell(0, 5, '2026-03-03'), cell(1, 6, '2026-03-09'), cell(1, 0, '2026-03-15')]
  const calendar = { ...chart.answer, explains: 'heart_rate', slots: cells, scale: { ...chart.answer.scale, x0: 0, x1: 2, y0: 0, y1: 7 } }
  const slider = await onChart('#/type/heart_rate', { ...kept, chart: () => calendar })
  for (const slot of cells) {
    clickOn(slider, calendar, slot)
    await until(() => new URLSearchParams(location.hash.split('?')[1]).get('why') === slot.days[0])
  }
  // Between the days there is nothing to ask for.
  const before = location.hash
  clickOn(slider, calendar, { from: 1, to: 2, rows: [3, 4] })
  expect(location.hash).toBe(before)
})

test('a place of years over each other leads to its days in each of them', async () => {
  const shown = chartYears.answer
  const slots = shown.slots.map((slot) => ({ ...slot, years: [...slot.years, ...slot.years.map((days) => days.map((day) => day.replace('2026', '2025')))] }))
  const slider = await onChart('#/compare/step_count?by=years', { ...kept, chart: () => ({ ...shown, slots }) })
  clickOn(slider, shown, shown.slots[1] as { from: number; to: number })
  await until(() => location.hash.startsWith('#/type/step_count?'))
  expect(new URLSearchParams(location.hash.split('?')[1]).get('why')).toBe('2026-02-01..2026-02-28,2025-02-01..2025-02-28')
  const rows = await until(() => {
    const found = [...document.querySelectorAll('[data-testid=explain] tbody tr')]
    return found.length === 2 && found
  })
  expect(rows[1]?.textContent).toContain('2025')
})

test('a week explains itself by its days, each of which leads to its own explanation', async () => {
  page = open(kept, '#/type/heart_rate?range=month&why=2026-03-09..2026-03-15')
  const section = await until(() => document.querySelector('[data-testid=explain]:has(table)'))
  const links = [...section.querySelectorAll('tbody a')].map((link) => link.getAttribute('href'))
  expect(links).toEqual(['#/type/heart_rate?range=month&why=2026-03-14', '#/type/heart_rate?range=month&why=2026-03-15'])
  expect(section.textContent).toContain(words.explain.average(2, 31, false))
})

test.each([
  ['#/overview', '.card .head a[data-testid=why]', '2026-03-14..2026-03-15'],
  ['#/heart', '.hero a[data-testid=why]', '2026-03-14..2026-03-15'],
  ['#/sleep?range=week', '.hero a[data-testid=why]', '2026-03-14..2026-03-15'],
])('the numbers of %s lead to their explanation', async (address, selector, days) => {
  const narrow = wide()
  const word = address.includes('sleep') ? 'sleep' : 'heart_rate'
  const spanned = {
    ...chart.answer,
    firstDay: '2026-03-14',
    lastDay: '2026-03-15',
    explains: word,
    hero: { ...chart.answer.hero, leads: [{ word, name: null, firstDay: '2026-03-14', lastDay: '2026-03-15' }] },
  }
  page = open({ ...kept, chart: () => spanned, types: () => [...(kept.types?.({}) as object[]), { ...(kept.types?.({}) as object[])[0], word: 'sleep_analysis', group: 'sleep' }] }, address)
  const link = await until(() => document.querySelector(selector))
  narrow()
  expect(link.getAttribute('aria-label')).toBe(words.explain.why)
  expect(link.getAttribute('href')).toContain(`why=${days}`)
})

const lead = (word: string, day: string, name: string | null = null) => ({ word, name, firstDay: day, lastDay: day })

test.each([
  ['latest', null, [lead('body_mass', '2026-03-12')], ['#/type/body_mass?range=year&why=2026-03-12']],
  ['average', null, [{ ...lead('body_mass', '2026-03-31'), firstDay: '2026-03-01' }], ['#/type/body_mass?range=year&why=2026-03-01..2026-03-31']],
  [
    'pair',
    120,
    [lead('blood_pressure_systolic', '2026-03-12', 'Systolic'), lead('blood_pressure_diastolic', '2026-03-12', 'Diastolic')],
    ['#/type/blood_pressure_systolic?range=year&why=2026-03-12', '#/type/blood_pressure_diastolic?range=year&why=2026-03-12'],
  ],
] as const)('a number that is %s leads to what it is made of, and to nothing else', async (what, high, leads, expected) => {
  const narrow = wide()
  const shown = { ...chart.answer, explains: leads[0].word, hero: { ...chart.answer.hero, what, high, leads } }
  page = open({ ...kept, chart: () => shown }, '#/type/heart_rate?range=year')
  await until(() => document.querySelector('.hero a[data-testid=why]'))
  narrow()
  const links = [...document.querySelectorAll('.hero a[data-testid=why]')]
  expect(links.map((link) => link.getAttribute('href'))).toEqual(expected)
  const labels = leads.map(({ name }) => (name === null ? words.explain.why : `${words.explain.why} ${name}`))
  expect(links.map((link) => link.getAttribute('aria-label'))).toEqual(labels)
})

test('the explanation of a day names its newest reading', async () => {
  const explain = () => ({ ...(kept.explain?.({}) as object), day: '2026-03-14', digits: 1, latest: { at: '', clock: '07:05', value: 71.5 } })
  page = open({ ...kept, explain }, '#/type/heart_rate?range=month&why=2026-03-14')
  const told = await until(() => document.querySelector('[data-testid=latest]'))
  expect(told.textContent).toBe(words.explain.latest('71.5 steps', '07:05'))
})

test('an address with nonsense for an explanation explains the last day', async () => {
  page = open(kept, '#/type/heart_rate?why=2026-03-15..2026-03-09')
  const section = await until(() => document.querySelector('[data-testid=explain]:has(table)'))
  expect(section.querySelector('.faint a')?.textContent).toBe('1 Mar 2026')
})

const HOUR = 3_600_000
const from = Date.parse('2026-03-14T00:00:00Z')
const hours = { ...chart.answer, step: 'hour', firstDay: '2026-03-14', lastDay: '2026-03-14', whole: { from, to: from + 24 * HOUR, least: HOUR / 6 } }
const ofDay = {
  ...kept,
  chart: ({ question }: Record<string, unknown>) => {
    const [x0, x1] = (question as { part: [number, number] | null }).part ?? [from, from + 24 * HOUR]
    return { ...hours, scale: { ...chart.answer.scale, x0, x1 } }
  },
}

test('hours are zoomed into, moved along and left again', async () => {
  const slider = await onChart('#/type/heart_rate?range=day&date=2026-03-14', ofDay)
  const shown = (start: number, end: number) => `#/type/heart_rate?range=day&date=2026-03-14&part=${from + start * HOUR}..${from + end * HOUR}`
  const { left, right } = chart.answer.scale
  const point = (type: string, share: number) =>
    slider.dispatchEvent(new PointerEvent(type, { clientX: left + share * (right - left), button: 0, bubbles: true, pointerId: 1 }))
  point('pointerdown', 0.25)
  point('pointermove', 0.5)
  point('pointerup', 0.5)
  await until(() => location.hash === shown(6, 12))
  const frame = await until(() => document.querySelector('[role=slider].pans'))
  // Now a drag moves along, while the pointer moves.
  point('pointerdown', 0.5)
  point('pointermove', 0.25)
  point('pointermove', 0)
  await until(() => location.hash === shown(9, 15))
  point('pointerup', 0)
  flushSync()
  expect(frame.classList.contains('held')).toBe(false)
  // As soon as the picture is there.
  await until(() => (press(slider, 'ArrowLeft', true), location.hash === shown(0, 6)))
  click('.zoom button:last-child')
  await until(() => location.hash === '#/type/heart_rate?range=day&date=2026-03-14')
  await until(() => document.querySelector('.zoom button:last-child:disabled'))
  // The whole day goes out into days.
  press(slider, '-')
  await until(() => /range=\d/.test(location.hash))
})

test('an hour of a day explains itself by its records', async () => {
  const hour = { ...chart.answer.slots[0], stretch: [from + 8 * HOUR, from + 9 * HOUR] }
  const slider = await onChart('#/type/step_count?range=day&date=2026-03-14', { ...kept, chart: () => ({ ...hours, explains: 'step_count', slots: [hour] }) })
  press(slider, 'Home')
  press(slider, 'Enter')
  await until(() => location.hash === `#/type/step_count?range=day&date=2026-03-14&why=${from + 8 * HOUR}..${from + 9 * HOUR}`)
  const section = await until(() => document.querySelector('[data-testid=explain]:has([data-testid=records])'))
  const rows = [...section.querySelectorAll('[data-testid=records] tbody tr')].map((row) => row.textContent)
  expect(rows).toHaveLength(explainStretch.answer.rows.length)
  explainStretch.answer.rows.forEach((row, i) => {
    expect(rows[i]).toContain(row.source)
    expect(rows[i]).toContain(words.explain.fate[row.fate as 'counts'])
  })
  // The day that it is of is a step further.
  expect(section.querySelector('.faint a')?.getAttribute('href')).toContain('why=2026-03-14')
})

test.each([
  ['#/type/step_count?range=day&date=2026-03-14', '#/type/step_count?range=day&date=2026-03-14'],
  ['#/activity/step_count?range=day&date=2026-03-14', '#/type/step_count?range=day&date=2026-03-14'],
])('asking why in a part of a day at %s leaves the part', async (address, screen) => {
  const part = `&part=${from + 6 * HOUR}..${from + 12 * HOUR}`
  const chart = (args: Record<string, unknown>) => {
    const slots = [{ ...ofDay.chart(args).slots[0], stretch: [from + 8 * HOUR, from + 9 * HOUR] }]
    return { ...ofDay.chart(args), explains: 'step_count', slots }
  }
  const slider = await onChart(address + part, { ...kept, chart })
  const narrow = wide()
  press(slider, 'Home')
  press(slider, 'Enter')
  await until(() => location.hash === `${screen}&why=${from + 8 * HOUR}..${from + 9 * HOUR}${part}`)
  // Its day, a step further, is seen by the same part.
  const day = await until(() => document.querySelector('[data-testid=explain]:has([data-testid=records]) .faint a'))
  expect(day.getAttribute('href')).toBe(`${screen}&why=${explainStretch.answer.day}${part}`)
  // And all of the day is asked for without losing the explanation.
  await until(() => document.querySelector('.zoom button:last-child:not([disabled])'))
  narrow()
  click('.zoom button:last-child')
  await until(() => location.hash === `${screen}&why=${from + 8 * HOUR}..${from + 9 * HOUR}`)
})

test('a reading of two numbers explains both, and a value alone itself', async () => {
  const types = () => [
    ...(kept.types?.({}) as object[]),
    ...['systolic', 'diastolic'].map((half) => ({ ...(kept.types?.({}) as object[])[0], word: `blood_pressure_${half}`, name: half, group: 'vitals' })),
  ]
  const both = ['blood_pressure_systolic', 'blood_pressure_diastolic']
  const [slot] = chart.answer.slots
  const slots = [
    { ...slot, stretch: [from, from + 5001], explains: both },
    { ...slot, stretch: [from + HOUR, from + HOUR + 1], explains: both.slice(1) },
  ]
  const asked: unknown[] = []
  const explained = (args: Record<string, unknown>) => (asked.push(args.word), kept.explain_stretch?.(args))
  const answers = { ...kept, types, explain_stretch: explained, chart: () => ({ ...hours, explains: both[0], slots }) }
  const slider = await onChart('#/type/blood_pressure_systolic?range=day&date=2026-03-14', answers)
  press(slider, 'Home')
  press(slider, 'Enter')
  await until(() => location.hash === `#/type/blood_pressure_systolic?range=day&date=2026-03-14&why=${from}..${from + 5001}&also=blood_pressure_diastolic`)
  await until(() => document.querySelectorAll('[data-testid=explain]:has([data-testid=records])').length === 2)
  expect(asked).toEqual(expect.arrayContaining(both))
  press(slider, 'ArrowRight')
  press(slider, 'Enter')
  await until(() => location.hash === `#/type/blood_pressure_diastolic?range=day&date=2026-03-14&why=${from + HOUR}..${from + HOUR + 1}`)
  await until(() => document.querySelectorAll('[data-testid=explain]').length === 1)
})

test('a day of a pair explains itself below its chart', async () => {
  const days: unknown[] = []
  const pair = (args: Record<string, unknown>) => (days.push([args.from, args.to]), { ...(kept.explain_pair?.(args) as object), from: args.from, to: args.to })
  const slot = { ...chart.answer.slots[0], days: ['2026-03-14', '2026-03-14'], rows: [0, 1] }
  const answers = { ...kept, explain_pair: pair, chart: () => ({ ...chart.answer, explains: undefined, slots: [slot] }) }
  const slider = await onChart('#/compare/step_count/heart_rate?range=month', answers)
  await until(() => document.querySelector('[data-testid=explain]'))
  press(slider, 'Home')
  press(slider, 'Enter')
  await until(() => location.hash === '#/compare/step_count/heart_rate?range=month&why=2026-03-14')
  const back = await until(() => document.querySelector('[data-testid=explain] .faint a'))
  await until(() => document.activeElement?.matches('[data-testid=explain]'))
  expect(days.at(-1)).toEqual(['2026-03-14', '2026-03-14'])
  expect(back.getAttribute('href')).toBe('#/compare/step_count/heart_rate?range=month')
})

test('another day forgets the part and the explanation', async () => {
  await onChart(`#/type/heart_rate?range=day&date=2026-02-14&why=2026-02-14&part=${from}..${from + HOUR}`, ofDay)
  click('.when .step')
  await until(() => location.hash === '#/type/heart_rate?range=day&date=2026-02-13')
})

test('the shape of a type is remembered, and another type keeps its own', async () => {
  const pressed = () => [...document.querySelectorAll('.tabs [aria-pressed=true]')].map((button) => button.textContent)
  const choose = (text: string) => [...document.querySelectorAll<HTMLElement>('.tabs button')].find((button) => button.textContent === text)?.click()
  page = open(kept, '#/type/heart_rate')
  await until(() => pressed().length === 2)
  choose(words.types.calendar)
  choose(words.chart.table)
  for (const [address, expected] of [
    ['#/type/step_count', [words.types.overTime, words.chart.chart]],
    ['#/type/heart_rate', [words.types.calendar, words.chart.table]],
  ] as const) {
    location.hash = address
    await until(() => pressed().join() === expected.join())
  }
})
