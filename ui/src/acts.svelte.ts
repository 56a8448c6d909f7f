// What the owner does to what is stored: done, told, and taken back by a button or Ctrl/Cmd Z.
import * as ipc from './ipc'
import { refresh } from './library.svelte'
import { forgetLink } from './link.svelte'

export const acting = $state({
  /** What was done last, for as long as the page tells it. */
  last: null as ipc.Act | null,
  /** Whether the last word is that something was taken back. */
  back: false,
  busy: false,
  error: null as ipc.AppError | null,
  /** Everything that was done since the page opened and stands, the newest last. */
  done: [] as number[],
})

/** Tells no more of what was done; Ctrl/Cmd Z takes it back all the same. */
export function forget(): void {
  Object.assign(acting, { last: null, back: false, error: null })
}

/** For a page that opens, and for one that shows other data: what was done to those before is not theirs. */
export function reset(): void {
  forget()
  Object.assign(acting, { busy: false, done: [] })
}

/** Does something, perhaps nothing; false where it failed, and then `acting.error` says why. */
export async function act(work: () => Promise<ipc.Act | null>): Promise<boolean> {
  if (acting.busy) return false
  Object.assign(acting, { busy: true, error: null })
  // What is told of an act comes in its place.
  forgetLink()
  try {
    const last = await work()
    if (last !== null) {
      const back = last.taken_back !== null
      acting.done = back ? without(last.act) : [...acting.done, last.act]
      Object.assign(acting, { last, back })
    }
    await refresh()
  } catch (thrown) {
    acting.error = ipc.asError(thrown)
  }
  acting.busy = false
  return acting.error === null
}

const without = (number: number) => acting.done.filter((other) => other !== number)

/** What somebody else took back, or what is not there any more, cannot be taken back again. */
const OVER = ['unknown_act', 'act_is_over']

/** Takes an act back; without a number the newest one that was done here. */
export async function takeBack(number?: number): Promise<void> {
  const which = number ?? acting.done.at(-1)
  if (which === undefined) return
  await act(() => ipc.takeBack(which))
  // The next step back is the act before.
  if (OVER.includes(acting.error?.code ?? '')) acting.done = without(which)
}
