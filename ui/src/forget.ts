// What the window remembers of what somebody looked at. How it looks is no trace, and stays.
import { choose, LOOKS } from './appearance.svelte'
import { favourites } from './favourites.svelte'

/** Forgets favourites, cards, ranges and the last screen. */
export function forgetTraces(): void {
  favourites.clear()
  choose('cycle', 'hidden')
  choose('mind', 'hidden')
  const stays = LOOKS.map((choice) => `vitalog.${choice}`)
  try {
    const ours = Object.keys(localStorage).filter((key) => key.startsWith('vitalog.') && !stays.includes(key))
    ours.forEach((key) => localStorage.removeItem(key))
  } catch {
    // A window without a place to keep anything has kept nothing.
  }
}
