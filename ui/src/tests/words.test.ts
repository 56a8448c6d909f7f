import { expect, test } from 'vitest'
import errorCodes from '../../../tests/fixtures/ipc/error_codes.json'
import problemCodes from '../../../tests/fixtures/ipc/problem_codes.json'
import { LANGUAGES, words } from '../words'
import { languages, OPEN, tongueOf, type Catalogue } from '../words/catalogue'
import { en } from '../words/en'
import { isFormat, message, placesOf } from '../words/message'
import { stretched } from '../words/pseudo'

test('every problem that the reader can report has words, and no other', () => {
  for (const language of Object.values(LANGUAGES)) expect(Object.keys(language.reasons).sort()).toEqual(problemCodes)
})

/** Codes of which the program tells in the language of the window, because it knows what exactly went wrong. */
const TOLD = ['bad_sql', 'bad_usage', 'file', 'not_a_backup', 'not_found', 'unknown_setting']

test('everything that can go wrong has words in every language but English', () => {
  for (const [name, language] of Object.entries(LANGUAGES)) {
    if (name === 'en') continue
    expect([...Object.keys(language.errors), ...TOLD].sort(), name).toEqual([...errorCodes].sort())
  }
})

/** The catalogues themselves: what a language lacks is English where it is spoken. */
const CATALOGUES = Object.entries(import.meta.glob<Catalogue>('../words/*.json', { eager: true, import: 'default' })).map(
  ([path, catalogue]) => [path.replace(/^.*\/|\.json$/g, ''), catalogue] as const,
)

/** Every text of a language by its path; functions count as one. */
function texts(value: unknown, path: string[] = []): [string, unknown][] {
  if (typeof value !== 'object' || value === null) return [[path.join('.'), value]]
  return Object.entries(value).flatMap(([key, inner]) => texts(inner, [...path, key]))
}

const open = new RegExp(`^(${OPEN.join('|')})\\b`)
const english = texts(en).filter(([path]) => !open.test(path))
// Names, units and words that are the same in German.
const SAME =
  /^(app|seconds|bpm|bytes|import\.title|places\.(import|servers)|sources\.where)|\.(half_year|week|month|rem|imperial|zone|version|import|route|routes|energy|names|apple|hours|minutes)\b|^month(s|Names)/

/** What a catalogue lacks, and what it has that nothing asks for. */
function differences({ page, numbers }: Catalogue): { missing: string[]; left: string[] } {
  const found = new Set(texts({ ...page, numbers }).map(([path]) => path).filter((path) => !open.test(path)))
  const known = new Set(english.map(([path]) => path))
  return { missing: [...known].filter((path) => !found.has(path)), left: [...found].filter((path) => !known.has(path)) }
}

test('every language has every text, and no other', () => {
  expect(CATALOGUES.map(([tag]) => tag)).toContain('de')
  for (const [tag, catalogue] of CATALOGUES) expect(differences(catalogue), tag).toEqual({ missing: [], left: [] })
})

test('a text that a language lacks is named', () => {
  const [, german] = CATALOGUES.find(([tag]) => tag === 'de')!
  const lacking = { ...german, page: { ...german.page, close: undefined, closed: 'Zu' } }
  delete (lacking.page as Record<string, unknown>).close
  expect(differences(lacking)).toEqual({ missing: ['close'], left: ['closed'] })
})

test('German leaves no text in English', () => {
  const found = new Map(texts(LANGUAGES.de))
  for (const [path, text] of english) {
    if (typeof text === 'string' && !SAME.test(path)) expect(found.get(path), path).not.toBe(text)
  }
})

test('texts with places ask for what is handed in, in a way that there is', () => {
  const functions = new Map(english.filter(([, text]) => typeof text === 'function') as [string, (...args: unknown[]) => unknown][])
  for (const [tag, { page }] of CATALOGUES) {
    for (const [path, text] of texts(page)) {
      const handed = functions.get(path)?.length ?? 0
      const tongue = tongueOf(tag, page)
      // Where English has no function nothing is filled in: a brace there would be shown.
      if (!functions.has(path)) expect(String(text), `${tag} ${path}`).not.toMatch(/[{}]/)
      else {
        for (const { path: place, format, cases } of placesOf(String(text))) {
          expect(Number(place.split('.')[0]), `${tag} ${path}`).toBeLessThan(handed)
          if (format !== undefined) expect(isFormat(format, tongue), `${tag} ${path}: ${format}`).toBe(true)
          if (cases.length > 0) expect(cases, `${tag} ${path}`).toContain('other')
        }
      }
    }
  }
})

test('one more file is one more language, and what it lacks is English', () => {
  const pages = {
    './de.json': { name: 'Deutsch' },
    './pl.json': { name: 'Polski', close: 'Zamknij', foot: { records: '{0, count} {0, plural, one {rekord} few {rekordy} other {rekordów}}' } },
  }
  const found = languages(pages, { './de.json': {}, './pl.json': {} })
  expect(Object.keys(found)).toEqual(['en', 'de', 'pl'])
  const polish = found.pl!
  expect([polish.name, polish.close, polish.tryAgain]).toEqual(['Polski', 'Zamknij', 'Try again'])
  expect([1, 3, 5].map((n) => polish.foot.records(n, 2))).toEqual(['1 rekord', '3 rekordy', '5 rekordów'])
})

test('places of texts are filled', () => {
  const check = (text: string, args: unknown[], expected: string) => expect(message(text, { tag: 'de', formats: {} })(...args)).toBe(expected)
  check('no place', [], 'no place')
  check('{0} and {1}, {0}', ['{1}', 'b'], '{1} and b, {1}')
  check('{0.removed} gone', [{ removed: 3 }], '3 gone')
  check('{0, list}', [['a', 'b']], 'a, b')
  check('{0, plural, =0 {none} one {one} other {{0} of them}}', [0], 'none')
  check('{0, plural, =0 {none} one {one} other {{0} of them}}', [1], 'one')
  check('{0, plural, =0 {none} one {one} other {{0} of them}}', [7], '7 of them')
  check('{0, select, none {} other {, {0}}}', [null], '')
  check('{0, select, none {} other {, {0}}}', ['x'], ', x')
  check('{0, select, true {yes} other {no}}', [false], 'no')
})

test('a text with a broken place is refused', () => {
  for (const text of ['{', '}', '{0', '{name}', '{0, plural, one {a}', 'a } b']) expect(() => placesOf(text), text).toThrow('broken place')
})

test('the test language is longer than any other', () => {
  const long = stretched(words)
  expect(long.places.sleep.length).toBeGreaterThan(words.places.sleep.length * 1.35)
  expect(long.foot.records(2, 3).length).toBeGreaterThan(words.foot.records(2, 3).length * 1.3)
  expect(long.numbers.group).toBe(words.numbers.group)
})
