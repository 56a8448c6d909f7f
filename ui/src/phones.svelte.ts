// Phones: what the program says of them, the code that is shown, and what was asked of them, whatever screen is shown.
import * as ipc from './ipc'
import { importing, occupy, refresh } from './library.svelte'
import { words } from './words'

/** After an answer the next question waits so long: many deliveries may come in a row. */
const GAP_MS = 500

export const phones = $state({
  answer: null as ipc.Phones | null,
  /** Why what was asked of it came to nothing. */
  error: null as ipc.AppError | null,
  /** Why it cannot be told how it all stands, for as long as that is so. */
  lost: null as ipc.AppError | null,
  /** It is being turned on or off. */
  turning: false,
  /** Whether the card that lets a phone in is open. */
  open: false,
  app: 'open-wearables',
  name: '',
  /** The code that is shown, and what became of it. */
  invitation: null as ipc.Invitation | null,
  standing: null as ipc.Standing | null,
  /** What an app that was added by hand has to be told. */
  added: null as ipc.Added | null,
  /** What was taken back of a phone; null where nothing was there. */
  undone: null as { name: string; undone: ipc.Undone | null } | null,
})

const nothing = { open: false, name: '', invitation: null, standing: null, added: null, undone: null }

/** Forgets everything; for a page that opens. */
export function reset(): void {
  Object.assign(phones, nothing, { answer: null, error: null, lost: null, turning: false, app: 'open-wearables' })
  asking = again = false
}

let asking = false
let again = false

/** Asks how it all stands. Whoever asks meanwhile is answered by one more question at the end. */
export async function look(): Promise<void> {
  if (asking) {
    again = true
    return
  }
  asking = true
  await ask()
  asking = false
  if (!again) return
  again = false
  setTimeout(() => void look(), GAP_MS)
}

async function ask(): Promise<void> {
  const before = phones.answer
  try {
    const answer = await ipc.phones()
    Object.assign(phones, { answer, lost: null })
    // Who receives is another one now: why it did not come about is a thing of before.
    if (before && before.receiver.on !== answer.receiver.on) phones.error = null
    if (phones.invitation) phones.standing = await ipc.invitation(phones.invitation.pairing)
    // Nothing depends on whether that is seen.
    if (before && answer.waiting > before.waiting) ipc.announce(words.phone.announce, words.phone.announceText).catch(() => {})
  } catch (thrown) {
    phones.lost = ipc.asError(thrown)
  }
}

/** Does something, and tells why it came to nothing; whether it was done. */
async function tried(doing: () => Promise<void>): Promise<boolean> {
  phones.error = null
  try {
    await doing()
    return true
  } catch (thrown) {
    phones.error = ipc.asError(thrown)
    return false
  }
}

/** Does something that answers how it all stands then; what came to nothing may have changed that, too. */
export async function change(doing: () => Promise<ipc.Phones>): Promise<boolean> {
  const done = await tried(async () => {
    phones.answer = await doing()
    if (phones.invitation) phones.standing = await ipc.invitation(phones.invitation.pairing)
  })
  if (!done) void look()
  return done
}

/** Turns receiving on, or off. */
export async function turn(on: boolean): Promise<void> {
  phones.turning = true
  if (!on) await close()
  await change(() => ipc.receive(on))
  phones.turning = false
}

/** Opens the card that lets a phone in. */
export const openPairing = () => Object.assign(phones, { open: true, added: null, undone: null })

/** Shows a code for the app that was chosen; one that was shown before ends. */
export const invite = (): Promise<boolean> =>
  tried(async () => {
    await end()
    const name = phones.name.trim()
    const invitation = await ipc.invite(phones.app, name === '' ? null : name)
    Object.assign(phones, { invitation, added: null, standing: null })
    phones.standing = await ipc.invitation(invitation.pairing)
  })

/** Lets an app in without the camera. */
export const byHand = (): Promise<boolean> =>
  tried(async () => {
    await end()
    const name = phones.name.trim()
    phones.added = await ipc.addDevice(phones.app, name === '' ? words.phone.usual : name)
    phones.answer = await ipc.phones()
  })

/** Nobody is to use the code that is shown any more. */
async function end(): Promise<void> {
  const { invitation, standing } = phones
  Object.assign(phones, { invitation: null, standing: null })
  // Of one that let somebody in the page on the phone goes on.
  if (invitation && (standing === null || ['open', 'asks'].includes(standing.state))) phones.answer = await ipc.answerGuest(invitation.pairing, false)
}

/** Closes the card; its code ends. */
export const close = (): Promise<boolean> =>
  tried(async () => {
    await end()
    Object.assign(phones, { open: false, name: '', added: null })
  })

/** Takes back everything that a phone sent; files that come meanwhile wait. */
export async function undo(device: number, name: string): Promise<void> {
  await occupy('undoPhone', async () => {
    phones.undone = null
    await tried(async () => {
      phones.undone = { name, undone: await ipc.undoDevice(device, (steps) => (importing.steps = steps)) }
    })
    if (phones.error?.code === 'cancelled') phones.error = null
    await refresh()
  })
  await look()
}

/** What went wrong, with the way out that the window knows. */
export function explained(error: ipc.AppError): ipc.AppError {
  const [message, hint] = words.phone.errors[error.code] ?? [error.message, error.hint]
  return words.phone.errors[error.code] ? { code: 'phone', message, hint } : error
}
