import { afterEach, expect, test } from 'vitest'
import { FIRST, licences, matching } from '../views/about/licences'
import { type Page, click, kept, open, until } from './support'

let page: Page | null = null

afterEach(() => {
  page?.close()
  page = null
})

const text = () => document.querySelector('[data-testid=licences] pre')?.textContent ?? ''
const rows = () => [...document.querySelectorAll<HTMLElement>('[data-testid=licences] li')]

test('everything that is shipped can be looked up, with the text of its licence', async () => {
  const { packages, texts } = await licences()
  page = open(kept, '#/about')
  await until(() => rows().length > 0)
  expect(rows().length).toBe(FIRST)
  click('[data-testid=licences] > .button')
  await until(() => rows().length === packages.length)

  const search = document.querySelector<HTMLInputElement>('[data-testid=licences] input')!
  search.value = 'Tauri-Plugin-Dialog'
  search.dispatchEvent(new Event('input', { bubbles: true }))
  await until(() => rows().length === 1)
  expect(text()).toBe('')
  click('[data-testid=licences] li button')
  await until(() => text() !== '')
  const [dialog] = matching(packages, 'tauri-plugin-dialog')
  expect(text()).toContain(texts[dialog!.terms[0]![1]]!.text.slice(0, 100))
})

test('works are found by name and by licence', async () => {
  const { packages } = await licences()
  expect(matching(packages, ' SVELTE ').map(({ name }) => name)).toContain('svelte')
  expect(matching(packages, 'mpl-2.0').length).toBeGreaterThan(0)
  expect(matching(packages, 'no such work')).toEqual([])
})
