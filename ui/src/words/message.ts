// Texts with places, as catalogues have them where English has a function. A place stands in braces and is called by
// the number of what is handed in, counted from 0, or by a part of it:
//
//   {0}  {0.removed}                          as it is
//   {0, count}  {1, day}                      written as the language writes it, see FORMATS
//   {0, plural, one {row} other {rows}}       by how many, in the categories of the language, or =0
//   {1, select, none {} age {…} other {…}}    by what it is: a word, true, false, or none where there is nothing
//
// So ICU writes them. Its library is not used: it formats with Intl, which throws where the system's language is "C".
import { count, day, dayAndTime, duration, rate, shortDuration } from '../format'

/** How a place can be written. */
const FORMATS: Record<string, (value: never) => string> = {
  count,
  day,
  dayAndTime,
  duration,
  shortDuration,
  rate,
  list: (names: string[]) => names.join(', '),
}

type Part = string | { path: string[]; format?: string; cases?: Map<string, Part[]> }

/** What a language brings to its texts: its tag for the categories of numbers, and formats of its own. */
export interface Tongue {
  tag: string
  formats: Record<string, (value: never) => string>
}

/** The function that a text with places is. It is read when it is first said. */
export function message(text: string, tongue: Tongue): (...args: unknown[]) => string {
  let parts: Part[] | null = null
  return (...args) => say((parts ??= parsed(text)), args, tongue)
}

function say(parts: Part[], args: unknown[], tongue: Tongue): string {
  return parts.map((part) => (typeof part === 'string' ? part : place(part, args, tongue))).join('')
}

function place({ path, format, cases }: Exclude<Part, string>, args: unknown[], tongue: Tongue): string {
  const value = path.reduce<unknown>((inner, key) => (inner as Record<string, unknown> | null)?.[key], args)
  if (cases) {
    const names = format === 'plural' ? [`=${String(value)}`, category(Number(value), tongue.tag)] : [named(value)]
    const found = names.find((name) => cases.has(name)) ?? 'other'
    return say(cases.get(found) ?? [], args, tongue)
  }
  if (format === undefined) return String(value)
  const write = tongue.formats[format] ?? FORMATS[format]
  if (!write) throw new Error(`no format is called ${format}`)
  return write(value as never)
}

const named = (value: unknown) =>
  value === null || value === undefined || value === '' || (Array.isArray(value) && value.length === 0) ? 'none' : String(value)

function category(n: number, tag: string): string {
  try {
    return new Intl.PluralRules(tag).select(n)
  } catch {
    // No language of this system's: as in English.
    return n === 1 ? 'one' : 'other'
  }
}

/** Every place of a text, those inside others too: for the test of catalogues. */
export function placesOf(text: string): { path: string; format: string | undefined; cases: string[] }[] {
  const all = (parts: Part[]): ReturnType<typeof placesOf> =>
    parts.flatMap((part) =>
      typeof part === 'string'
        ? []
        : [{ path: part.path.join('.'), format: part.format, cases: [...(part.cases?.keys() ?? [])] }, ...[...(part.cases?.values() ?? [])].flatMap(all)],
    )
  return all(parsed(text))
}

/** Whether a place can be written so. */
export const isFormat = (name: string, tongue: Tongue) => ['plural', 'select'].includes(name) || name in tongue.formats || name in FORMATS

function parsed(text: string): Part[] {
  let at = 0
  const fail = (): never => {
    throw new Error(`a text with a broken place: ${text}`)
  }
  const match = (pattern: RegExp): string | null => {
    pattern.lastIndex = at
    const found = pattern.exec(text)
    if (!found) return null
    at = pattern.lastIndex
    return found[1] ?? ''
  }
  function run(inside: boolean): Part[] {
    const parts: Part[] = []
    while (at < text.length && text[at] !== '}') parts.push(text[at] === '{' ? hole() : (match(/([^{}]+)/y) ?? fail()))
    if (inside !== (text[at] === '}')) fail()
    return parts
  }
  function hole(): Part {
    const path = (match(/\{\s*(\d+(?:\.\w+)*)\s*/y) ?? fail()).split('.')
    const format = match(/,\s*(\w+)\s*/y) ?? undefined
    const cases = match(/(,)\s*/y) === null ? undefined : choices()
    if (match(/(\})/y) === null) fail()
    return { path, ...(format === undefined ? {} : { format }), ...(cases ? { cases } : {}) }
  }
  function choices(): Map<string, Part[]> {
    const cases = new Map<string, Part[]>()
    for (let name = match(/([=\w]+)\s*\{/y); name !== null; name = match(/([=\w]+)\s*\{/y)) {
      cases.set(name, run(true))
      if (match(/(\})\s*/y) === null) fail()
    }
    return cases
  }
  return run(false)
}
