import { afterEach, expect, test } from 'vitest'
import { emit } from '@tauri-apps/api/event'
import chart from '../../../tests/fixtures/ipc/chart.json'
import importExport from '../../../tests/fixtures/ipc/import_export.json'
import importDetail from '../../../tests/fixtures/ipc/import_detail.json'
import imports from '../../../tests/fixtures/ipc/imports.json'
import notAnExport from '../../../tests/fixtures/ipc/import_export_not_an_export.json'
import { span } from '../format'
import { MOST_WAITING } from '../library.svelte'
import { words } from '../words'
import { type Page, click, emptyStore, kept, open, says, until, wide } from './support'

let page: Page

afterEach(() => page.close())

test('an empty store explains how to get an export', async () => {
  page = open(emptyStore)
  await says('Drop export.zip here')
  await says('Choose Export All Health Data')
  await says('No records yet')
})

test('the history is newest first and the foot says how much there is', async () => {
  page = open()
  await says('4,741,049 records')
  await says('History')
  const names = [...document.querySelectorAll('li .file')].map((p) => p.textContent)
  expect(names).toEqual(['later.zip', 'export.zip'])
})

test('a dropped file is imported and its report shown', async () => {
  page = open()
  await says('History')
  await emit('tauri://drag-drop', { paths: ['/somewhere/ada/export.zip'], position: { x: 1, y: 1 } })
  await says('Could not be read')
  await says('Besides: 3 workouts, 1 route, 30 days of rings')
  await says('Records with a time that could not be read')
  await says('2 times, first at byte 12,345')
  expect(page.asked).toContain('import_export')
})

function unfold() {
  const details = document.querySelector('[data-testid=rejects]') as HTMLDetailsElement
  details.open = true
  details.dispatchEvent(new Event('toggle'))
}

test('what could not be read is listed where somebody wants to see it', async () => {
  page = open({ ...kept, opened_with: () => ['/somewhere/ada/export.zip'] })
  await says('What could not be read (2)')
  expect(page.asked).not.toContain('import_detail')
  unfold()
  await says('at byte 23,456')
  const first = document.querySelector('[data-testid=rejects] li')?.textContent
  for (const text of ['Heart Rate: a time that cannot be read', 'at byte 12,345', 'startDate="yesterday"']) expect(first).toContain(text)
  await says('and 3 more')
})

test('the history lists it too, for imports of another day', async () => {
  page = open()
  await says('What could not be read (5)')
  expect(document.querySelectorAll('[data-testid=rejects]').length).toBe(1)
  unfold()
  await says('5 times, first at byte 12,345')
  await says('and 3 more')
})

test('the history tells of an import that refused nothing why it came in only in part', async () => {
  const problems = [{ reason: 'truncated', count: 1, first_position: 4711 }]
  const row = { ...imports.answer[0], partial: true }
  page = open({ ...kept, imports: () => [row], import_detail: () => ({ ...importDetail.answer, rejects: [], rejects_total: 0, problems }) })
  await says('What is lost or in doubt')
  unfold()
  await says('once, at byte 4,711')
  await says('What was read of a damaged file may be wrong, too.')
  const names = [...document.querySelectorAll('[data-testid=rejects] ol li')].map((li) => li.textContent)
  expect(names).toEqual(['/workout-routes/route_2026-03-14_7.31am.gpxmissing'])
})

test('an import that came in only in part is listed as such, until it is undone', async () => {
  const [first, later] = imports.answer
  page = open({ ...kept, imports: () => [first, later, { ...later, import: 3, undone: true }] })
  await says('History')
  const tags = [...document.querySelectorAll('li')].flatMap((li) => (li.querySelector('.what') ? [li.querySelector('.tag')?.textContent] : []))
  expect(tags).toEqual(['undone', 'imported in part', undefined])
})

test('the report leads to what the file had', async () => {
  const report = importExport.answer
  const after = async (answer: object) => {
    page = open({ ...kept, opened_with: () => ['/somewhere/ada/export.zip'], import_export: () => ({ ...report, ...answer }) })
    await until(() => document.querySelector('[data-testid=report]'))
    const button = document.querySelector('[data-testid=report] .primary')?.textContent
    page.close()
    return button
  }
  const counts = { ...report.by_type.HKQuantityTypeIdentifierHeartRate }
  expect(await after({})).toBe('See your heart rate')
  expect(await after({ by_type: { HKQuantityTypeIdentifierStepCount: counts } })).toBe('See all types')
  expect(await after({ by_type: {}, records: 0, rejected: 0 })).toBe(undefined)
  page = open()
})

test('a file that is dragged over any page is welcome there', async () => {
  page = open()
  click('nav a.types')
  await says('4,700,000')
  await emit('tauri://drag-enter', { paths: ['/somewhere/ada/export.zip'], position: { x: 1, y: 1 } })
  await says('Let go to import')
  await emit('tauri://drag-leave', null)
  await until(() => !document.body.textContent?.includes('Let go to import'))
})

/** An import that ends when the test wants; `ends` has one function for each file, by name. */
function endless() {
  const ends: Record<string, { done: (report: unknown) => void; fail: (error: unknown) => void }> = {}
  const import_export = ({ path }: Record<string, unknown>) =>
    new Promise((done, fail) => (ends[(path as string).split('/').pop() as string] = { done, fail }))
  return { ends, import_export }
}

const drop = (...paths: string[]) => emit('tauri://drag-drop', { paths, position: { x: 1, y: 1 } })
const waiting = () => [...document.querySelectorAll('[data-testid=waiting] .file')].map((file) => file.textContent)

test('a file dropped during an import waits for its turn, and both reports stay', async () => {
  const { ends, import_export } = endless()
  page = open({ ...kept, import_export })
  await says('History')
  await drop('/ada/a.zip')
  await says('Starting')
  await drop('/ada/b.zip', '/ada/c.zip')
  await until(() => waiting().length === 2)
  await drop('/ada/b.zip')
  expect(waiting()).toEqual(['b.zip', 'c.zip'])
  click('[data-testid=waiting] .button')
  expect(waiting()).toEqual(['c.zip'])
  await until(() => document.activeElement?.getAttribute('aria-label') === 'Take c.zip out of the queue')
  ends['a.zip']?.done({ ...importExport.answer, file: 'a.zip' })
  await until(() => ends['c.zip'])
  await until(() => waiting().length === 0)
  ends['c.zip']?.fail(notAnExport.error)
  await says('c.zip was not imported')
  expect(document.querySelector('[data-testid=report] .file')?.textContent).toBe('a.zip')
  expect(Object.keys(ends)).toEqual(['a.zip', 'c.zip'])
  expect(document.querySelector('progress')).toBeNull()
})

test('several files at once are imported one after the other', async () => {
  const { ends, import_export } = endless()
  page = open({ ...kept, import_export })
  await says('History')
  await drop('/ada/a.zip', '/ada/b.zip')
  await until(() => ends['a.zip'])
  expect(Object.keys(ends)).toEqual(['a.zip'])
  ends['a.zip']?.done(importExport.answer)
  await until(() => ends['b.zip'])
})

test('too many files are turned away in words', async () => {
  page = open({ ...kept, import_export: endless().import_export })
  await says('History')
  await drop(...Array.from({ length: MOST_WAITING + 2 }, (_, i) => `/ada/${i}.zip`))
  await says('2 files were not taken: too many are waiting.')
})

test('an import that was done before it could be cancelled says so', async () => {
  const { ends, import_export } = endless()
  page = open({ ...kept, import_export })
  await says('History')
  await drop('/ada/a.zip')
  await says('Starting')
  click('section .button')
  await says('Cancelling')
  ends['a.zip']?.done(importExport.answer)
  await says('a.zip was done before it could be cancelled. Undo takes it back.')
})

test('a running import shows its progress and can be cancelled', async () => {
  let fail: (error: unknown) => void = () => {}
  page = open({
    ...kept,
    opened_with: () => ['/somewhere/ada/export.zip'],
    import_export: ({ progress }) => {
      const channel = progress as { onmessage: (p: unknown) => void }
      channel.onmessage({ records: 2_940_118, recordsPerSecond: 820_000, mbPerSecond: 402, secondsLeft: 2, fraction: 0.62, phase: 'reading' })
      return new Promise((_, reject) => (fail = reject))
    },
    cancel_import: () => fail({ code: 'cancelled', message: 'The import was cancelled.', hint: '' }),
  })
  for (const text of ['62 %', '2,940,118 records', '820,000 a second', '402 MB/s', '2\u00a0s left']) await says(text)
  expect(document.querySelector('progress')?.getAttribute('value')).toBe('62')
  await until(() => /6[02] percent/.test(document.querySelector('[aria-live]')?.textContent ?? ''))
  click('section .button')
  await says('Import of export.zip cancelled. Nothing was changed.')
})

test('an import that waits for another writer says so, and shows no rate', async () => {
  page = open({
    ...kept,
    opened_with: () => ['/somewhere/ada/export.zip'],
    import_export: ({ progress }) => {
      const channel = progress as { onmessage: (p: unknown) => void }
      channel.onmessage({ records: 0, recordsPerSecond: 0, mbPerSecond: 0, secondsLeft: null, fraction: null, phase: 'waiting' })
      return new Promise(() => {})
    },
  })
  await says('Waiting for another Vitalog that writes')
  expect(document.body.textContent).not.toContain('a second')
})

test('when everything is read the import is finishing', async () => {
  page = open({
    ...kept,
    opened_with: () => ['/somewhere/ada/export.zip'],
    import_export: ({ progress }) => {
      const channel = progress as { onmessage: (p: unknown) => void }
      channel.onmessage({ records: 4_741_049, recordsPerSecond: 820_000, mbPerSecond: 402, secondsLeft: 0, fraction: 1, phase: 'finishing' })
      return new Promise(() => {})
    },
  })
  await says('Everything is read. Working out days')
  expect(document.querySelector('progress')?.hasAttribute('value')).toBe(false)
  expect(document.querySelector('section .button')?.hasAttribute('disabled')).toBe(false)
})

test('a file that is no export is refused with a hint', async () => {
  page = open({
    ...kept,
    opened_with: () => ['/somewhere/ada/notes.txt'],
    import_export: () => Promise.reject({ ...notAnExport.error, hint: 'Look into `README.md`. In the Health app: Export All Health Data.' }),
  })
  await until(() => document.querySelector('[role=alert]'))
  await says('notes.txt was not imported')
  expect(document.querySelector('[role=alert] code')?.textContent).toBe('README.md')
  await says('This file is not an Apple Health export.')
  await says('Export All Health Data')
})

test('after a wrong file a first-time user still reads how to get the right one', async () => {
  page = open({ ...emptyStore, opened_with: () => ['/somewhere/ada/notes.txt'], import_export: () => Promise.reject(notAnExport.error) })
  await says('notes.txt was not imported')
  await says('Choose Export All Health Data and wait.')
})

test('undo asks first', async () => {
  page = open()
  await says('History')
  click('li .button')
  expect(page.asked).not.toContain('undo_import')
  await says('Really undo?')
  click('li .button')
  await says('41,205 records and other entries removed, 3 records brought back')
})

test('an undo shows its steps and can be cancelled', async () => {
  let fail: (error: unknown) => void = () => {}
  page = open({
    ...kept,
    undo_import: ({ progress }) => {
      const channel = progress as { onmessage: (p: unknown) => void }
      channel.onmessage({ done: 5, of: 20 })
      return new Promise((_, reject) => (fail = reject))
    },
    cancel_import: () => fail({ code: 'cancelled', message: 'It was cancelled.', hint: '' }),
  })
  await says('History')
  click('li .button')
  click('li .button')
  for (const text of ['Taking it back', 'step 5 of 20']) await says(text)
  expect(document.querySelector('progress')?.getAttribute('value')).toBe('25')
  await drop('/ada/a.zip')
  expect(page.asked).not.toContain('import_export')
  click('section .button')
  await says('Undo of later.zip cancelled. Nothing was changed.')
  await until(() => page.asked.includes('import_export'))
})

test('types are sorted by count and can be searched', async () => {
  page = open()
  click('nav a.types')
  await says('4,700,000')
  const names = () => [...document.querySelectorAll('tbody th')].map((th) => th.textContent)
  expect(names()).toEqual(['Heart rate', 'Steps'])
  const search = document.querySelector('input') as HTMLInputElement
  search.value = 'step'
  search.dispatchEvent(new Event('input', { bubbles: true }))
  await says('1 of 2 types')
  expect(names()).toEqual(['Steps'])
  search.value = 'moon'
  search.dispatchEvent(new Event('input', { bubbles: true }))
  await says('No type matches “moon”.')
})

test('without readings the heart page says so and leads to the import', async () => {
  page = open(emptyStore)
  await says('No records yet')
  click('nav a.heart')
  await says('No heart-rate readings yet')
  click('.empty .button')
  await says('Drop export.zip here')
  click('nav a.types')
  await says('No types yet')
  click('.empty .button')
  await says('Drop export.zip here')
})

test('the shapes of the chart are explained', async () => {
  const narrow = wide()
  page = open({ ...kept, chart: () => ({ ...chart.answer, open: true }) })
  click('nav a.heart')
  await says('Lowest to highest of the day')
  // That of the first chart; every chart of that screen answers alike here.
  const items = [...(document.querySelector('[data-testid=legend]')?.querySelectorAll('li') ?? [])].map((li) => li.textContent)
  narrow()
  expect(items).toEqual(['Lowest to highest of the day', 'Mean', 'Incomplete day'])
})

test('a stretch without data leads to the nearest day that has some', async () => {
  const narrow = wide()
  const nearest = { days: ['2026-03-09', '2026-03-15'], nights: false, before: '2026-03-01', after: '2026-04-02' }
  const gap = { ...chart.answer, empty: true, hero: null, slots: [], nearest }
  page = open({ ...kept, chart: () => gap }, '#/type/heart_rate?range=week&date=2026-03-15')
  await until(() => document.querySelector('[data-testid=nearest] a'))
  narrow()
  const links = [...document.querySelectorAll('[data-testid=nearest] a')].map((link) => [link.textContent, link.getAttribute('href')])
  expect(links).toEqual([
    ['\u2190 1 Mar 2026', '#/type/heart_rate?range=week&date=2026-03-01'],
    ['2 Apr 2026 \u2192', '#/type/heart_rate?range=week&date=2026-04-02'],
  ])
  expect(document.querySelector('[data-testid=nearest]')?.textContent).toContain(words.chart.elsewhere(span('2026-03-09', '2026-03-15')))
})

test('what is rarely measured tells its latest value where there is none', async () => {
  const narrow = wide()
  const latest = { ...chart.answer.hero, what: 'average', value: 1.78, high: null, unit: 'm', digits: 2, at: null }
  const nearest = { days: ['2026-03-09', '2026-03-15'], nights: false, before: '2026-03-01', after: null, latest }
  const gap = { ...chart.answer, empty: true, hero: null, slots: [], nearest }
  page = open({ ...kept, chart: () => gap }, '#/type/heart_rate?range=week&date=2026-03-15')
  await says(words.chart.latestWas('1.78\u00a0m', '1 Mar 2026'))
  narrow()
})

test('a missing night is told by the day that it would count for', async () => {
  const narrow = wide()
  const nearest = { days: ['2026-03-10', '2026-03-10'], nights: true, before: '2026-03-09', after: null }
  // Its hours lie on two days.
  const gap = { ...chart.answer, firstDay: '2026-03-09', lastDay: '2026-03-10', empty: true, hero: null, slots: [], nearest }
  const types = () => [{ ...(kept.types?.({}) as object[])[0], word: 'sleep_analysis', group: 'sleep' }]
  page = open({ ...kept, types, chart: () => gap }, '#/sleep?range=day&date=2026-03-10')
  const told = await until(() => document.querySelector('[data-testid=nearest]'))
  narrow()
  expect(told.textContent).toContain(words.chart.noNight('10 Mar 2026'))
  expect(told.querySelector('a')?.getAttribute('href')).toBe('#/sleep?range=day&date=2026-03-09')
})

test('a store that cannot be read is said in words and can be tried again', async () => {
  page = open({ ...kept, status: () => Promise.reject({ code: 'store_busy', message: 'The store is busy.', hint: 'Try again.' }) })
  await says(words.trouble.codes.store_busy?.title ?? '')
  expect(document.querySelector('[role=alert] .button')).not.toBeNull()
})

test('an export is as old as the newest one says, whenever it was imported', async () => {
  const file = (at: string, export_date: string | null) => ({ ...imports.answer[0], at, export_date })
  const ago = (days: number) => new Date(Date.now() - days * 86_400_000 - 3_600_000).toISOString()
  const check = async (rows: ReturnType<typeof file>[], expected: string | null) => {
    page.close()
    page = open({ ...kept, imports: () => rows.map((row, i) => ({ ...row, import: i + 1 })) }, '#/import')
    await says('Drop export.zip here')
    if (expected === null) expect(document.body.textContent).not.toContain('days old')
    else await says(expected)
  }
  await check([file(ago(0), ago(200))], '200 days old')
  await check([file(ago(2), ago(40)), file(ago(0), ago(200))], '40 days old')
  await check([file(ago(30), null)], '30 days old')
  await check([file(ago(0), ago(1))], null)
})
