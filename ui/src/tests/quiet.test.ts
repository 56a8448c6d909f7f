// A screen asks for what it shows and is then quiet.
import { flushSync } from 'svelte'
import { afterEach, beforeEach, expect, test } from 'vitest'
import types from '../../../tests/fixtures/ipc/types.json'
import { type Page, kept, open, until } from './support'

let page: Page

/** Nothing has a width without a layout, and a chart without one is not asked for. */
beforeEach(() => {
  Object.defineProperty(HTMLElement.prototype, 'clientWidth', { configurable: true, get: () => 640 })
})
afterEach(() => {
  delete (HTMLElement.prototype as { clientWidth?: number }).clientWidth
  page.close()
})

/** With nights, too. */
const sleep = { ...types.answer[0], identifier: 'HKCategoryTypeIdentifierSleepAnalysis', word: 'sleep_analysis', name: 'Sleep' }
// An answer takes a turn, so that asking without end fails and does not hang.
const later = (answer: (args: Record<string, unknown>) => unknown) => (args: Record<string, unknown>) =>
  new Promise((go) => setTimeout(() => go(answer(args)), 0))
const answers = {
  ...Object.fromEntries(Object.entries(kept).map(([command, answer]) => [command, later(answer)])),
  types: later(() => [...types.answer, sleep]),
}

async function turns(many: number) {
  for (let i = 0; i < many; i++) {
    flushSync()
    await new Promise((go) => setTimeout(go, 0))
  }
}

test.each([
  ['#/overview', 'chart'],
  ['#/sleep?range=day', 'nights'],
  ['#/sleep?range=week', 'nights'],
  ['#/sleep?range=all', 'nights'],
  ['#/heart', 'chart'],
  ['#/type/heart_rate?range=week', 'chart'],
  ['#/workouts', 'workouts'],
  ['#/compare', 'chart'],
  ['#/sources', 'sources'],
  ['#/phone', 'phones'],
])('%s asks no more once it is there', async (address, command) => {
  page = open(answers, address)
  await until(() => page.asked.includes(command))
  await turns(60)
  const before = page.asked.length
  await turns(60)
  expect(page.asked.slice(before)).toEqual([])
})
