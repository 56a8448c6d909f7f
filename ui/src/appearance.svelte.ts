// Light or dark, contrast, motion, keys: what somebody chose for this window, or what the system says.
import { remember } from './address.svelte'
import type { Theme } from './answers'
import { LANGUAGES, spoken } from './words'

const CHOICES = {
  language: ['system', ...Object.keys(LANGUAGES)],
  theme: ['system', 'light', 'dark'],
  contrast: ['system', 'more'],
  motion: ['system', 'less'],
  keys: ['on', 'off'],
  cycle: ['hidden', 'shown'],
  mind: ['hidden', 'shown'],
} as const satisfies Record<string, readonly string[]>

export type Choice = keyof typeof CHOICES
/** How the window looks and is worked, whatever is shown in it. */
export const LOOKS: Choice[] = ['language', 'theme', 'contrast', 'motion', 'keys']
export const choicesOf = (choice: Choice): readonly string[] => CHOICES[choice]

function kept(choice: Choice): string {
  const usual: string = CHOICES[choice][0] ?? ''
  try {
    const text = localStorage.getItem(`vitalog.${choice}`)
    return (CHOICES[choice] as readonly string[]).includes(text ?? '') ? (text as string) : usual
  } catch {
    return usual
  }
}

export const appearance = $state({
  chosen: Object.fromEntries(Object.keys(CHOICES).map((choice) => [choice, kept(choice as Choice)])) as Record<Choice, string>,
  /** What charts are drawn in. */
  theme: 'light' as Theme,
})

export function choose(choice: Choice, to: string): void {
  appearance.chosen[choice] = to
  remember(`vitalog.${choice}`, to)
  // Every word is asked for once, when the page is loaded.
  if (choice === 'language') location.reload()
  apply()
}

function apply(): void {
  const root = document.documentElement
  const { theme, contrast, motion } = appearance.chosen
  // Where the system forces its colours, charts have to stand on a ground that goes with them.
  const system = theme === 'system' || matches('(forced-colors: active)')
  const dark = system ? matches('(prefers-color-scheme: dark)') : theme === 'dark'
  appearance.theme = dark ? 'dark' : 'light'
  root.dataset.theme = appearance.theme
  root.dataset.contrast = contrast === 'more' || matches('(prefers-contrast: more)') ? 'more' : 'usual'
  root.dataset.motion = motion
  root.lang = spoken === 'pseudo' ? 'en' : spoken
}

const matches = (query: string) => window.matchMedia(query).matches

/** Follows the system from now on; returns how to stop. */
export function followSystem(): () => void {
  apply()
  const queries = ['(prefers-color-scheme: dark)', '(prefers-contrast: more)', '(forced-colors: active)'].map((query) => window.matchMedia(query))
  queries.forEach((query) => query.addEventListener('change', apply))
  return () => queries.forEach((query) => query.removeEventListener('change', apply))
}
