// What the owner does to what is stored: done, told, and taken back by a button or Ctrl/Cmd Z.
import * as ipc from './ipc'
import { refresh } from './library.svelte'

export const acting = $state({
  /** What was done last, for as long as the page offers to take it back. */
  last: null as ipc.Act | null,
  /** Whether the last word is that something was taken back. */
  back: false,
  busy: false,
  error: null as ipc.AppError | null,
})

/** For a page that opens. */
export function forget(): void {
  Object.assign(acting, { last: null, back: false, busy: false, error: null })
}

/** Does something; false where it failed, and then `acting.error` says why. */
export async function act(work: () => Promise<ipc.Act>): Promise<boolean> {
  if (acting.busy) return false
  Object.assign(acting, { busy: true, error: null })
  try {
    Object.assign(acting, { last: await work(), back: false })
    await refresh()
  } catch (thrown) {
    acting.error = ipc.asError(thrown)
  }
  acting.busy = false
  return acting.error === null
}

/** Takes an act back; without a number the one that was done last. */
export async function takeBack(number?: number): Promise<void> {
  const which = number ?? (acting.back ? undefined : acting.last?.act)
  if (which === undefined) return
  if (await act(() => ipc.takeBack(which))) acting.back = true
}
