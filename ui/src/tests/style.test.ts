// One type scale, one spacing scale, one set of tokens: sizes and colours stand in tokens.css and nowhere else. And what
// every list has in common.
import { expect, test } from 'vitest'

const texts: Record<string, string> = import.meta.glob('../**/*.{svelte,css}', { query: '?raw', import: 'default', eager: true })
const TOKENS = '../tokens.css'
const files = Object.keys(texts).filter((name) => name !== TOKENS)

/** What tells sizes and colours in a file: a style sheet, the style of a component, and styles of its elements. */
function styles(name: string): string[] {
  const text = texts[name] ?? ''
  if (name.endsWith('.css')) return text.split('\n')
  const sheet = /<style>([\s\S]*)<\/style>/.exec(text)?.[1] ?? ''
  const inline = text.match(/style(:[a-z-]+)?="[^"]*"/g) ?? []
  return [...sheet.split('\n'), ...inline]
}

// A query of the page's width cannot read a token.
const wrong = (line: string, what: RegExp) => what.test(line) && !/^\s*@(media|container)/.test(line)

function check(what: RegExp) {
  expect(files.length).toBeGreaterThan(50)
  expect(files.flatMap((name) => styles(name).filter((line) => wrong(line, what)).map((line) => `${name}: ${line.trim()}`))).toEqual([])
}

test('no component has a size of its own', () => check(/(?<!\w)\d*\.?\d+(px|rem|pt)\b/))
test('no component has a colour of its own', () => check(/#[0-9a-f]{3,8}\b|\b(rgb|hsl|oklch)a?\(/i))

test('what a style names is a token', () => {
  const tokens = new Set(texts[TOKENS]?.match(/--[a-z0-9-]+(?=:)/g))
  const own = /style:(--[a-z0-9-]+)/g
  const named = files.flatMap((name) => {
    const here = new Set([...(texts[name] ?? '').matchAll(own)].map((match) => match[1]))
    return [...styles(name).join('\n').matchAll(/var\((--[a-z0-9-]+)/g)].map((match) => match[1]).filter((token) => token && !tokens.has(token) && !here.has(token))
  })
  expect(tokens.size).toBeGreaterThan(60)
  expect(named).toEqual([])
})

// Two rows with one key stop a whole screen, so none is told apart by a name that somebody else gave.
test('the rows of every list are told apart by their place or by a number of the store', () => {
  const lists = files.flatMap((name) => [...(texts[name] ?? '').matchAll(/\{#each (.*?) as (.*?)(?:, (\w+))? \((.*?)\)\}/g)].map((found) => [name, ...found] as const))
  const ids = /^(row|same)\.(id|act|import|identifier)$/
  /** Constants of the program, files that are counted as they come, and words that were made different before. */
  const known = ['key', 'place', 'copy.name']
  const isKnown = (name: string, key: string) => known.includes(key) || (key === 'word' && name.endsWith('/overview/Cards.svelte'))
  const wrong = lists.filter(([name, , , , place, key = '']) => key !== place && !ids.test(key) && !isKnown(name, key))
  expect(lists.length).toBeGreaterThan(50)
  expect(wrong.map(([name, list]) => `${name}: ${list}`)).toEqual([])
})

/** The parts of a style sheet that a font comes in: the file, and of which letters it is. */
function faces(sheet: string): Map<string, string> {
  const parts = [...sheet.matchAll(/@font-face \{([^}]*)\}/g)].map((match) => match[1] ?? '')
  const of = (part: string, what: RegExp) => (what.exec(part)?.[1] ?? '').replace(/\s/g, '')
  return new Map(parts.map((part) => [of(part, /files\/([^')]+)/), of(part, /unicode-range:([^;]+)/)]))
}

test('the page has every script that the font has', () => {
  const whole = import.meta.glob('../../node_modules/@fontsource-variable/inter/index.css', { query: '?raw', import: 'default', eager: true })
  const [all] = Object.values(whole) as string[]
  const ours = faces(texts['../fonts.css'] ?? '')
  expect(ours.size).toBeGreaterThan(6)
  expect([...ours].sort()).toEqual([...faces(all ?? '')].sort())
  const holds = (letter: string) =>
    [...ours.values()].some((ranges) =>
      ranges.split(',').some((range) => {
        const [from, to] = range.replace('U+', '').split('-').map((hex) => Number.parseInt(hex, 16))
        const code = letter.codePointAt(0) ?? 0
        return from !== undefined && code >= from && code <= (to ?? from)
      }),
    )
  for (const letter of 'Aé\u0142\u0159\u011f\u1ec7\u03a9\u0416\u0457') expect(holds(letter), letter).toBe(true)
})
