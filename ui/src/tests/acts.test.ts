// Rows are hidden, sleep is edited, and all of it is taken back: by button, key and history.
import { afterEach, expect, test, vi } from 'vitest'
import types from '../../../tests/fixtures/ipc/types.json'
import { acting, reset } from '../acts.svelte'
import { library } from '../library.svelte'
import { words } from '../words'
import { click, kept, open, type Page, says, until } from './support'

let page: Page
let called: [string, Record<string, unknown>][]

afterEach(() => {
  page.close()
  reset()
})

const sleep = { ...types.answer[0], identifier: 'HKCategoryTypeIdentifierSleepAnalysis', word: 'sleep_analysis', name: 'Sleep' }

function begin(address: string, answers: Partial<typeof kept> = {}) {
  called = []
  const heard = Object.entries({ ...kept, types: () => [...types.answer, sleep], ...answers }).map(([command, answer]) => [
    command,
    (args: Record<string, unknown>) => {
      called.push([command, args])
      return (answer as ((args: Record<string, unknown>) => unknown) | undefined)?.(args)
    },
  ])
  Object.defineProperty(HTMLElement.prototype, 'clientWidth', { configurable: true, get: () => 640 })
  page = open(Object.fromEntries(heard), address)
}
afterEach(() => {
  delete (HTMLElement.prototype as { clientWidth?: number }).clientWidth
})

const last = (command: string) => called.filter(([name]) => name === command).at(-1)?.[1]
const button = (within: string, name: string) =>
  until(() => [...document.querySelectorAll<HTMLButtonElement>(`${within} button`)].find((one) => one.textContent?.trim() === name && !one.disabled))
const undoKey = () => window.dispatchEvent(new KeyboardEvent('keydown', { key: 'z', ctrlKey: true }))

test('rows of the days that are shown are hidden, and Ctrl Z brings them back', async () => {
  begin('#/type/step_count?range=week')
  await says('4 rows count there now.')
  const rows = last('count_rows')?.rows
  expect(rows).toMatchObject({ word: 'step_count', source: null })
  ;(await button('[data-testid=hide]', 'Hide')).click()
  await says('4 rows are deleted, for good in 30 days.')
  expect(last('hide_rows')).toMatchObject({ rows, deletes: false })
  undoKey()
  await says('Taken back: all is as before.')
  expect(last('take_back')).toMatchObject({ act: 1 })
  // Twice is not once more.
  undoKey()
  expect(called.filter(([name]) => name === 'take_back')).toHaveLength(1)
})

test('what was done to other data is not taken back in these', async () => {
  begin('#/type/step_count?range=week')
  await says('4 rows count there now.')
  ;(await button('[data-testid=hide]', 'Hide')).click()
  await says('4 rows are deleted, for good in 30 days.')
  library.other += 1
  await until(() => !document.body.textContent?.includes('4 rows are deleted, for good in 30 days.'))
  undoKey()
  expect(called.filter(([name]) => name === 'take_back')).toHaveLength(0)
})

test('what cannot be taken back any more does not stand in the way of what was done before it', async () => {
  let act = 1
  begin('#/type/step_count?range=week', {
    hide_rows: () => ({ ...(kept.hide_rows?.({}) as object), act: act++ }),
    take_back: ({ act }) => {
      if (act === 2) throw { code: 'act_is_over', message: 'Act 2 was taken back before.', hint: '' }
      return kept.take_back?.({})
    },
  })
  for (const n of [1, 2]) {
    await says('4 rows count there now.')
    ;(await button('[data-testid=hide]', 'Hide')).click()
    await until(() => acting.done.length === n && !acting.busy)
  }
  await says('4 rows are deleted, for good in 30 days.')
  undoKey()
  await says('Act 2 was taken back before.')
  undoKey()
  await says('Taken back: all is as before.')
  expect(last('take_back')).toMatchObject({ act: 1 })
})

test('who hides the last days stays where these were', async () => {
  begin('#/type/step_count?range=week')
  await says('4 rows count there now.')
  const rows = last('count_rows')?.rows as { from: string; to: string }
  ;(await button('[data-testid=hide]', 'Hide')).click()
  await says('4 rows are deleted, for good in 30 days.')
  expect(location.hash).toContain(`date=${rows.to}`)
  expect(last('chart')).toMatchObject({ question: { last: rows.to } })
  expect(last('count_rows')).toMatchObject({ rows })
})

test('who deletes is asked once more', async () => {
  begin('#/type/step_count?range=week')
  ;(await button('[data-testid=hide]', 'Delete\u2026')).click()
  expect(last('hide_rows')).toBeUndefined()
  ;(await button('[data-testid=hide]', 'Really delete? They can be brought back for 30 days')).click()
  await until(() => last('hide_rows'))
  expect(last('hide_rows')).toMatchObject({ deletes: true })
})

test('where no row counts there is nothing to hide', async () => {
  begin('#/type/step_count?range=week', { count_rows: () => ({ rows: 0 }) })
  await says('0 rows count there now.')
  expect([...document.querySelectorAll<HTMLButtonElement>('[data-testid=hide] button')].every((one) => one.disabled)).toBe(true)
})

test('a night is edited by what its sessions allow', async () => {
  begin('#/sleep?range=day')
  ;(await button('[data-testid=sessions]', 'It was a nap')).click()
  await says('The sleep is a nap now.')
  expect(last('edit_night')).toMatchObject({ editAs: 'nap', at: null })
  ;(await button('[data-testid=sessions]', 'Split\u2026')).click()
  const time = await until(() => document.querySelector<HTMLInputElement>('[data-testid=sessions] input[type=time]'))
  time.value = '03:40'
  time.dispatchEvent(new Event('input', { bubbles: true }))
  ;(await button('[data-testid=sessions]', 'Split')).click()
  await until(() => last('edit_night')?.editAs === 'split')
  expect(last('edit_night')).toMatchObject({ at: '03:40' })
})

test('an edit that fails says why', async () => {
  begin('#/sleep?range=day', {
    edit_night: () => Promise.reject({ code: 'bad_usage', message: 'A session is split at a moment inside it.', hint: '' }),
  })
  ;(await button('[data-testid=sessions]', 'Ignore')).click()
  await says('A session is split at a moment inside it.')
})

test('the history takes back one by one', async () => {
  begin('#/settings')
  await says('Sleep made a nap')
  click('[data-testid=history] button')
  await until(() => last('take_back'))
  expect(last('take_back')).toMatchObject({ act: 2 })
})

test('an act that fails says what to do, and the word stays until it is closed', async () => {
  const busy = () => Promise.reject({ code: 'store_busy', message: '', hint: '' })
  begin('#/type/step_count?range=week', { hide_rows: busy })
  await says('4 rows count there now.')
  const hide = await button('[data-testid=hide]', 'Hide')
  vi.useFakeTimers()
  hide.click()
  await vi.advanceTimersByTimeAsync(60_000)
  vi.useRealTimers()
  const { title, steps } = words.trouble.codes.store_busy!
  for (const text of [title, ...steps]) expect(document.querySelector('.done [role=alert]')?.textContent).toContain(text)
  click('.done .link')
  await until(() => document.querySelector('.done [role=alert]') === null)
})

test.each([
  ['#/sleep', 'sleep_analysis', 'sleep', 'Sleep', words.empty.sleep],
  ['#/vitals', 'oxygen_saturation', 'vitals', 'Blood oxygen', words.empty.vitals],
])('an area whose rows are all left out says so at %s, with the way back', async (address, word, group, name, empty) => {
  const [row] = kept.history?.({}) as object[]
  const left = { ...row, act: 7, what: 'delete', rows: 40, word, group, name, taken_back: null, wiped: null }
  begin(address, { types: () => types.answer, history: () => [left] })
  await says(words.types.allLeftOut(name))
  expect(document.body.textContent).not.toContain(empty)
  ;(await button('[data-testid=history]', words.acts.undo)).click()
  await until(() => last('take_back')?.act === 7)
  page.close()
  begin(address, { types: () => types.answer, history: () => [{ ...left, taken_back: '2026-04-02T12:00:00.000Z' }] })
  await says(empty ?? '')
})
