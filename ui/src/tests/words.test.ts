import { expect, test } from 'vitest'
import errorCodes from '../../../tests/fixtures/ipc/error_codes.json'
import problemCodes from '../../../tests/fixtures/ipc/problem_codes.json'
import { LANGUAGES, words } from '../words'
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

/** Every text of a language by its path; functions count as one. */
function texts(value: unknown, path: string[] = []): [string, unknown][] {
  if (typeof value !== 'object' || value === null) return [[path.join('.'), value]]
  return Object.entries(value).flatMap(([key, inner]) => texts(inner, [...path, key]))
}

test('every language has every text, and none is left in English', () => {
  const open = /^(errors|numbers|units)\b/
  const english = texts(LANGUAGES.en).filter(([path]) => !open.test(path))
  // Names, units and words that are the same in both.
  const same = /^(app|settings\.options\.(en|de)|import\.title|places\.(import|servers)|sources\.where)|\.(half_year|week|month|rem|imperial|zone|version|import|route|routes|energy|names|apple)\b|^months/
  for (const [name, language] of Object.entries(LANGUAGES)) {
    const found = new Map(texts(language).filter(([path]) => !open.test(path)))
    expect([...found.keys()].sort(), name).toEqual(english.map(([path]) => path).sort())
    if (name === 'en') continue
    for (const [path, text] of english) {
      if (typeof text === 'string' && !same.test(path)) expect(found.get(path), path).not.toBe(text)
    }
  }
})

test('the test language is longer than any other', () => {
  const long = stretched(words)
  expect(long.places.sleep.length).toBeGreaterThan(words.places.sleep.length * 1.35)
  expect(long.foot.records(2, 3).length).toBeGreaterThan(words.foot.records(2, 3).length * 1.3)
  expect(long.numbers.group).toBe(words.numbers.group)
})
