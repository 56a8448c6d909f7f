// A language from its catalogue: one JSON file with the page's words under "page", how numbers are written under
// "numbers", and beside them what the program itself says, which the page does not read.
import { en, type Words } from './en'
import { message, type Tongue } from './message'

/** What a catalogue has for the page. */
export interface Catalogue {
  numbers: unknown
  page: Record<string, unknown>
}

/** Whose keys are a language's own: they need not be those of English. */
export const OPEN = ['errors', 'units']

/** The language of a catalogue. What it lacks stays English; a test names it. */
export function translated(tag: string, { numbers, page }: Catalogue): Words {
  return merged(en, { ...page, numbers }, tongueOf(tag, page)) as Words
}

/** What texts of a catalogue may use besides the usual formats. */
export function tongueOf(tag: string, page: Catalogue['page']): Tongue {
  const months = Array.isArray(page.months) ? page.months : en.months
  return { tag, formats: { month: (n: number) => String(months[n] ?? '') } }
}

function merged(english: unknown, other: unknown, tongue: Tongue): unknown {
  if (other === undefined) return english
  if (typeof english === 'function') return typeof other === 'string' ? message(other, tongue) : english
  if (!isTable(english) || !isTable(other)) return other
  const keys = new Set([...Object.keys(english), ...Object.keys(other)])
  return Object.fromEntries([...keys].map((key) => [key, merged(english[key], other[key], tongue)]))
}

const isTable = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The languages of a folder of catalogues, by tag, from paths such as ./de.json. */
export function languages(pages: Record<string, unknown>, numbers: Record<string, unknown>): Record<string, Words> & { en: Words } {
  const tagged = Object.keys(pages).sort().map((path) => [path.replace(/^.*\/|\.json$/g, ''), path] as const)
  const other = tagged.map(([tag, path]) => {
    const catalogue = { page: pages[path] as Catalogue['page'], numbers: numbers[path] }
    return [tag, translated(tag, catalogue)] as const
  })
  return { en, ...Object.fromEntries(other) }
}
