// What can be done with the data in the settings.
import { afterEach, expect, test, vi } from 'vitest'
import { emit } from '@tauri-apps/api/event'
import deleteAll from '../../../tests/fixtures/ipc/delete_all.json'
import { type Page, click, emptyStore, kept, open, says, until } from './support'

let page: Page

afterEach(() => page.close())

const settings = (answers: Parameters<typeof open>[0] = kept) => open(answers, '#/settings')
const button = (part: string, text: string) =>
  until(() => [...document.querySelectorAll<HTMLButtonElement>(`[data-testid=${part}] button`)].find((found) => found.textContent?.includes(text)))
/** Waits until it can be pressed. */
const press = async (part: string, text: string) => {
  const found = await button(part, text)
  await until(() => !found.disabled)
  found.click()
}
const said = (part: string) => document.querySelector(`[data-testid=${part}]`)?.textContent

test('the parts of the data folder have their sizes', async () => {
  page = settings()
  await says('Kept from before')
  expect([...document.querySelectorAll('[data-testid=parts] li')].map((li) => li.textContent)).toContain('Store1.0\u00a0MB')
})

test('a check that finds nothing says so, and one that finds something offers the next step', async () => {
  page = settings()
  await press('data', 'Verify')
  await says('The data are whole.')
  page.close()
  const asked: unknown[] = []
  const finding = { ok: false, exists: true, findings: [{ check: 'daily', text: 'day 1 differs' }] }
  page = settings({ ...kept, verify: ({ repair }) => (asked.push(repair), finding) })
  await press('data', 'Verify')
  await says('day 1 differs')
  expect(said('findings')).toContain('Days of sources')
  await press('data', 'Make them anew')
  await says('What is left is in the records')
  expect(asked).toEqual([false, true])
})

test('a check tells how far it is, keeps other work waiting and can be cancelled', async () => {
  let fail: (error: unknown) => void = () => {}
  page = settings({
    ...kept,
    verify: ({ progress }) => {
      const channel = progress as { onmessage: (p: unknown) => void }
      channel.onmessage({ done: 5, of: 20 })
      return new Promise((_, reject) => (fail = reject))
    },
    cancel_import: () => fail({ code: 'cancelled', message: 'It was cancelled.', hint: '' }),
  })
  await press('data', 'Verify')
  await says('25 %')
  expect((await button('data', 'Compact')).disabled).toBe(true)
  // The page listens a turn after it is there; the same file twice waits once.
  await until(() => {
    emit('tauri://drag-drop', { paths: ['/ada/a.zip'], position: { x: 1, y: 1 } })
    return location.hash === '#/import'
  })
  expect(page.asked).not.toContain('import_export')
  click('nav a.settings')
  await press('data', 'Cancel')
  await says('Cancelled. Nothing was changed.')
  await until(() => page.asked.includes('import_export'))
})

test('a backup is told about before it takes the place of anything', async () => {
  const backup = { file: 'March.db', records: 1234, last_import: '2026-03-01T12:00:00.000Z', bytes: 2_000_000, schema: 6 }
  page = settings({ ...kept, choose_backup: () => backup, restore: () => ({ file: 'March.db', records: 1234, kept: 'x.db', damaged: false }) })
  await press('backups', 'Choose a backup')
  await says('March.db holds 1,234 records')
  await says('It takes the place of the 4,741,049 records that are here now.')
  expect(page.asked).not.toContain('restore')
  await press('backups', 'Restore it')
  await says('What was here before is kept for 30 days.')
  expect(page.asked.filter((command) => command === 'status').length).toBe(2)
})

test('what is kept is brought back after a question', async () => {
  const names: unknown[] = []
  page = settings({ ...kept, bring_back: ({ name }) => (names.push(name), { file: 'x', records: 9, kept: 'y', damaged: false }) })
  await says('Before a backup was restored')
  await press('kept', 'Bring back')
  expect(names).toEqual([])
  await press('kept', 'Replace the 4,741,049 records here?')
  await says('Restored: 9 records.')
  expect(names).toEqual(['before-restore-20260402T120000000Z.db'])
})

test('a closed dialog leaves everything as it was', async () => {
  page = settings({ ...kept, back_up: () => null, export_everything: () => null })
  await press('backups', 'Back up\u2026')
  await until(() => page.asked.includes('back_up'))
  await press('export', 'Choose a folder')
  await until(() => page.asked.includes('export_everything'))
  await until(() => document.querySelector('[data-testid=job]') === null)
  expect(document.querySelectorAll('[role=alert], main [role=status]').length).toBe(0)
})

test('what was hidden goes with the rest, and is taken out, marked', async () => {
  const status = { ...(kept.status?.({}) as object), hidden: 1000 }
  const out = { records: 12, counts: { sample: 12 }, hidden: 3, deleted: 2, out: '/ada/vitalog-export', left: [] }
  page = settings({ ...kept, status: () => status, export_everything: () => out })
  await says('Everything that is here, rows that you hid as well')
  await press('export', 'Choose a folder')
  await says('12 records and other entries are in /ada/vitalog-export now, 3 of them hidden.')
  await says('Not written: 2 rows that were deleted')
  await press('delete', 'Delete everything\u2026')
  await says('4,742,049 records and everything beside them')
})

test('what opens in the settings is brought into view with its buttons', async () => {
  const seen: string[] = []
  const shown = vi.spyOn(Element.prototype, 'scrollIntoView').mockImplementation(function (this: Element) {
    seen.push(this.textContent ?? '')
  })
  page = settings()
  await press('delete', 'Delete everything\u2026')
  await until(() => seen.some((text) => text.includes('Delete for good')))
  shown.mockRestore()
})

test('everything goes only after the word, and the receipt says what', async () => {
  let gone = false
  page = settings({ ...kept, status: () => (gone ? emptyStore : kept).status?.({}), delete_all: () => ((gone = true), deleteAll.answer) })
  localStorage.setItem('vitalog.favourites', '["step_count"]')
  localStorage.setItem('vitalog.theme', 'dark')
  await says('4,741,049 records')
  await press('delete', 'Delete everything\u2026')
  await says('4,741,049 records and everything beside them')
  const sure = await button('delete', 'Delete for good')
  const input = document.querySelector('[data-testid=delete] input') as HTMLInputElement
  const type = (text: string) => {
    input.value = text
    input.dispatchEvent(new Event('input', { bubbles: true }))
  }
  type('delet')
  await until(() => sure.disabled)
  type('Delete ')
  await until(() => !sure.disabled)
  sure.click()
  await says('deleted for good')
  expect(said('receipt')).toContain('vitalog.db')
  expect([said('total'), localStorage.getItem('vitalog.favourites'), localStorage.getItem('vitalog.theme')]).toEqual(['No records yet', null, 'dark'])
})

test('of sample data nothing can be deleted or replaced', async () => {
  page = settings({ ...kept, status: () => ({ ...(kept.status?.({}) as object), sample: true }) })
  await says('This is sample data.')
  const texts = [...document.querySelectorAll('main button')].map((found) => found.textContent)
  expect(texts.some((text) => /Delete|Restore|Compact|Choose a backup/.test(text ?? ''))).toBe(false)
  await button('backups', 'Back up\u2026')
})
