// The language of the window, found once: another choice loads the page anew. English stands in en.ts. A further
// language is one more file in this folder, such as de.json, and nothing else: the page and the program both find it.
import { languages } from './catalogue'
import { en, type Words } from './en'
import { stretched } from './pseudo'

export type { Words }

// Only these two parts of each file: what the program says is no part of the page.
const PAGES = import.meta.glob('./*.json', { eager: true, import: 'page' })
const NUMBERS = import.meta.glob('./*.json', { eager: true, import: 'numbers' })

export const LANGUAGES = languages(PAGES, NUMBERS)

/** Longer words than any language has, for a test of the layout. */
const PSEUDO = 'pseudo'

const known = (tag: string) => Object.hasOwn(LANGUAGES, tag)

function language(): string {
  try {
    const chosen = localStorage.getItem('vitalog.language')
    if (chosen && (known(chosen) || chosen === PSEUDO)) return chosen
  } catch {
    // Without a place to keep choices the system decides.
  }
  return (navigator.languages ?? []).map((tag) => (tag.split('-')[0] ?? '').toLowerCase()).find(known) ?? 'en'
}

export const spoken = language()
export const words: Words = spoken === PSEUDO ? stretched(en) : (LANGUAGES[spoken] ?? en)
