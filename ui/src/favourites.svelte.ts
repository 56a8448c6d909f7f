// Types that somebody marked.
import { SvelteSet } from 'svelte/reactivity'
import { remember } from './address.svelte'

const KEY = 'vitalog.favourites'

function kept(): string[] {
  try {
    const found = JSON.parse(localStorage.getItem(KEY) ?? '[]') as unknown
    return Array.isArray(found) ? found.filter((word): word is string => typeof word === 'string') : []
  } catch {
    return []
  }
}

export const favourites = new SvelteSet<string>(kept())

export function toggle(word: string): void {
  if (!favourites.delete(word)) favourites.add(word)
  remember(KEY, JSON.stringify([...favourites]))
}
