// What somebody wants to see beside the stages of a night; remembered.
import { SvelteSet } from 'svelte/reactivity'
import { recall, remember } from '../../address.svelte'
import type { Overlay } from '../../ipc'

const KEY = 'vitalog.night'
const ALL: readonly Overlay[] = ['heart_rate', 'oxygen_saturation', 'respiratory_rate', 'apple_sleeping_wrist_temperature']

export const overlays = new SvelteSet<Overlay>(ALL.filter((word) => recall(KEY)?.split('+').includes(word)))

export function toggleOverlay(word: Overlay): void {
  if (!overlays.delete(word)) overlays.add(word)
  remember(KEY, ALL.filter((known) => overlays.has(known)).join('+'))
}

/** The night as `vitalog chart` calls it. */
export function nightSubject(): string {
  const chosen = ALL.filter((word) => overlays.has(word))
  return chosen.length === 0 ? 'sleep:night' : `sleep:night:${chosen.join('+')}`
}
