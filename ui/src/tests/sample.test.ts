// The sample person's data, and files that come while they are made or shown.
import { afterEach, expect, test } from 'vitest'
import { emit } from '@tauri-apps/api/event'
import importExport from '../../../tests/fixtures/ipc/import_export.json'
import imports from '../../../tests/fixtures/ipc/imports.json'
import status from '../../../tests/fixtures/ipc/status.json'
import { type Page, click, emptyStore, kept, open, says, until } from './support'

let page: Page

afterEach(() => page.close())

const drop = (...paths: string[]) => emit('tauri://drag-drop', { paths, position: { x: 1, y: 1 } })
const waiting = () => [...document.querySelectorAll('[data-testid=waiting] .file')].map((file) => file.textContent)
const history = () => [...document.querySelectorAll('li .what .file')].map((file) => file.textContent)
const mark = () => document.querySelector('[data-testid=sample]')
const button = (text: string) => [...document.querySelectorAll('button')].find((one) => one.textContent === text)

/** A promise that ends when the test wants. */
function later<T>() {
  let done: (answer: T) => void = () => {}
  let fail: (error: unknown) => void = () => {}
  const promise = new Promise<T>((yes, no) => ([done, fail] = [yes, no]))
  return { promise, done, fail }
}

/** A program with two stores: `shown` is the one that is looked at, `into` those that files went into. */
function program(shown: 'own' | 'sample') {
  const state = { shown, into: [] as string[] }
  const rows = (file: string, n: number) =>
    imports.answer.slice(0, 1).flatMap((row) => Array.from({ length: n }, (_, i) => ({ ...row, import: i + 1, file })))
  const answers = {
    ...kept,
    status: () => ({ ...(state.shown === 'own' ? emptyStore.status?.({}) as object : status.answer), sample: state.shown === 'sample' }),
    imports: () => (state.shown === 'own' ? rows('mine.zip', state.into.length) : rows('made-up.zip', 1)),
    sample: ({ on }: Record<string, unknown>) => {
      state.shown = on ? 'sample' : 'own'
      return answers.status()
    },
    import_export: () => {
      state.into.push(state.shown)
      return { ...importExport.answer, file: 'mine.zip' }
    },
  }
  return { state, answers }
}

test('a file dropped while sample data are shown goes into one’s own data, which are shown with its report', async () => {
  const { state, answers } = program('sample')
  page = open(answers, '#/sleep')
  await until(mark)
  await drop('/ada/mine.zip')
  await until(() => document.querySelector('[data-testid=report]'))
  await until(() => !mark() && history().length > 0)
  expect(history()).toEqual(['mine.zip'])
  expect([state.into, location.hash]).toEqual([['own'], '#/import'])
})

test('while it is read nothing of the sample is shown any more', async () => {
  const { answers } = program('sample')
  const end = later<unknown>()
  page = open({ ...answers, import_export: () => end.promise })
  await until(mark)
  expect(history()).toEqual(['made-up.zip'])
  await drop('/ada/mine.zip')
  await says('Starting')
  await until(() => page.asked.includes('import_export'))
  expect([mark(), history()]).toEqual([null, []])
})

test('a file dropped while the sample is made is imported as soon as it is there', async () => {
  const { state, answers } = program('own')
  const made = later<void>()
  const sample = (args: Record<string, unknown>) => (args.on ? made.promise.then(() => answers.sample(args)) : answers.sample(args))
  page = open({ ...answers, sample })
  await until(() => button('Explore sample data'))
  button('Explore sample data')?.click()
  await says('Sample data')
  await drop('/ada/mine.zip', '/ada/another.zip')
  await until(() => waiting().length === 2)
  expect(page.asked).not.toContain('import_export')
  made.done()
  await until(() => state.into.length === 2)
  await until(() => document.querySelector('progress') === null)
  expect([state.into, waiting(), mark(), location.hash]).toEqual([['own', 'own'], [], null, '#/import'])
})

test('without a file the sample is shown from its overview', async () => {
  page = open(program('own').answers)
  await until(() => button('Explore sample data'))
  button('Explore sample data')?.click()
  await until(mark)
  await until(() => location.hash === '#/overview')
})

test('a file that waits is imported when the making of the sample was cancelled', async () => {
  const { state, answers } = program('own')
  const made = later<void>()
  page = open({ ...answers, sample: () => made.promise })
  await until(() => button('Explore sample data'))
  button('Explore sample data')?.click()
  await drop('/ada/mine.zip')
  await until(() => waiting().length === 1)
  made.fail({ code: 'cancelled', message: 'It was cancelled.', hint: '' })
  await until(() => document.querySelector('[data-testid=report]'))
  expect([state.into, location.hash]).toEqual([['own'], '#/import'])
})

test('a file dropped on the way back to one’s own data is imported there', async () => {
  const { state, answers } = program('sample')
  const back = later<void>()
  page = open({ ...answers, sample: (args) => back.promise.then(() => answers.sample(args)) })
  await until(mark)
  click('[data-testid=sample] button')
  await drop('/ada/mine.zip')
  expect([waiting(), page.asked.includes('import_export')]).toEqual([['mine.zip'], false])
  back.done()
  await until(() => document.querySelector('[data-testid=report]'))
  expect(state.into).toEqual(['own'])
})

test('whether to undo an import of the sample is not asked of one’s own', async () => {
  const { state, answers } = program('sample')
  state.into.push('own')
  page = open(answers)
  await until(() => history().length > 0)
  click('li .button')
  await says('Really undo?')
  click('[data-testid=sample] button')
  expect(document.querySelector('li .button')?.textContent, 'of a list that is about to change').toBe('Really undo?')
  click('li .button')
  await until(() => history()[0] === 'mine.zip')
  expect([button('Really undo?'), page.asked.includes('undo_import')]).toEqual([undefined, false])
})

test('files dropped while the list is asked for after an undo wait for it, and are imported one at a time', async () => {
  const ends: (() => void)[] = []
  const list = later<typeof imports.answer>()
  const lists: unknown[] = [imports.answer, list.promise]
  const import_export = () => new Promise((done) => ends.push(() => done(importExport.answer)))
  page = open({ ...kept, imports: () => lists.shift() ?? imports.answer, import_export })
  await until(() => history().length > 0)
  click('li .button')
  click('li .button')
  await until(() => lists.length === 0)
  await drop('/ada/a.zip', '/ada/b.zip')
  expect([ends.length, waiting()]).toEqual([0, ['a.zip', 'b.zip']])
  list.done(imports.answer)
  await until(() => ends.length > 0)
  expect([ends.length, waiting()]).toEqual([1, ['b.zip']])
  ends[0]?.()
  await until(() => ends.length === 2)
})
