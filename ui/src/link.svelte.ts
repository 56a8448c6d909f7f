// A link to what is on the screen, for notes and for `vitalog open`.
import { at, href, rangeNow } from './address.svelte'
import { shownLast } from './keys'

export const copied = $state({
  /** The link that was made last, for as long as the page tells it. */
  link: null as string | null,
  /** Whether the system took it. */
  taken: false,
})

/** The address of what is shown: with the days, where there are some, so that it leads to the same ones later. */
export function linkHere(): string {
  const { place, rest, range, date, asked } = at.address
  if (!document.querySelector('main [data-testid=days]')) return href(place, { rest, range, date, asked })
  return href(place, { rest, range: rangeNow(), date: shownLast(), asked })
}

/** Copies it, and says so; where the system lets no page copy, it stands there to be copied by hand. */
export async function copyLink(): Promise<void> {
  const link = linkHere()
  Object.assign(copied, { link, taken: await copyText(link) })
}

/** Hands a text to the system to be pasted elsewhere; false where the system lets no page do that. */
export const copyText = async (text: string): Promise<boolean> => byHand(text) || (await bySystem(text))

async function bySystem(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    return false
  }
}

/** As somebody would: in a field, selected; there is no other way that needs nobody's leave. */
function byHand(text: string): boolean {
  const before = document.activeElement
  const field = document.createElement('textarea')
  field.value = text
  field.setAttribute('aria-hidden', 'true')
  field.style.cssText = 'position:fixed;inset:0 auto auto 0;opacity:0'
  document.body.append(field)
  field.select()
  const done = typeof document.execCommand === 'function' && document.execCommand('copy')
  field.remove()
  if (before instanceof HTMLElement) before.focus({ preventScroll: true })
  return done
}

/** Tells no more of it. */
export function forgetLink(): void {
  Object.assign(copied, { link: null, taken: false })
}
