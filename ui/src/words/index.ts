// The language of the window, found once: another choice loads the page anew. A further language is one more file with
// the keys of `en.ts`, and its line here; beside it lies what the program itself says, such as `de.json`, which has its
// line in crates/health/src/language.rs.
import { de } from './de'
import { en, type Words } from './en'
import { stretched } from './pseudo'

export type { Words }

export const LANGUAGES = { en, de } satisfies Record<string, Words>

/** Longer words than any language has, for a test of the layout. */
const PSEUDO = 'pseudo'

function language(): string {
  try {
    const chosen = localStorage.getItem('vitalog.language')
    if (chosen && (chosen in LANGUAGES || chosen === PSEUDO)) return chosen
  } catch {
    // Without a place to keep choices the system decides.
  }
  return (navigator.languages ?? []).map((tag) => tag.slice(0, 2).toLowerCase()).find((tag) => tag in LANGUAGES) ?? 'en'
}

export const spoken = language()
export const words: Words = spoken === PSEUDO ? stretched(en) : LANGUAGES[spoken as keyof typeof LANGUAGES]
