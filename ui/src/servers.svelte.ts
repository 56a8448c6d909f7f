// Servers: what the program says of them, what is sent by hand, and how far adding one is, whatever screen is shown.
import * as ipc from './ipc'
import { words } from './words'

/** After an answer the next question waits so long: to look costs some of what sending needs. */
const GAP_MS = 500

/** How far adding a server is: where it is, signing in, what it gets, the first request. */
export type Step = 'place' | 'entry' | 'wanted' | 'first'

export const servers = $state({
  answer: null as ipc.Servers | null,
  /** Why it cannot be told how they stand, for as long as that is so. */
  lost: null as ipc.AppError | null,
  /** Why what was asked of one came to nothing: by its name, empty for the one that is being added. */
  errors: {} as Record<string, ipc.AppError | undefined>,
  /** What is sent by hand, by the server's name. */
  sending: {} as Record<string, ipc.Pushed | null | undefined>,
  /** What the last sending by hand came to. */
  done: {} as Record<string, ipc.Pushed | undefined>,
  /** The server that is being added. */
  adding: null as { step: Step; name: string; place: ipc.ServerPlace } | null,
})

/** Forgets everything; for a page that opens. */
export function reset(): void {
  Object.assign(servers, { answer: null, lost: null, errors: {}, sending: {}, done: {}, adding: null })
  asking = again = false
}

let asking = false
let again = false

/** Asks how they stand. Whoever asks meanwhile is answered by one more question at the end. */
export async function look(): Promise<void> {
  if (asking) {
    again = true
    return
  }
  asking = true
  try {
    Object.assign(servers, { answer: await ipc.servers(), lost: null })
  } catch (thrown) {
    servers.lost = ipc.asError(thrown)
  }
  asking = false
  if (!again) return
  again = false
  setTimeout(() => void look(), GAP_MS)
}

/** Does something with a server, and tells why it came to nothing; whether it was done. */
export async function tried(name: string, doing: () => Promise<void>): Promise<boolean> {
  servers.errors[name] = undefined
  try {
    await doing()
    return true
  } catch (thrown) {
    const error = ipc.asError(thrown)
    if (error.code !== 'cancelled') servers.errors[name] = error
    return false
  }
}

/** The same for what answers how they all stand then. */
export const change = (name: string, doing: () => Promise<ipc.Servers>): Promise<boolean> =>
  tried(name, async () => {
    servers.answer = await doing()
  })

export const set = (name: string, standing: Parameters<typeof ipc.setServer>[1]) => change(name, () => ipc.setServer(name, standing))

/** Sends to a server now. */
export async function send(name: string): Promise<void> {
  servers.sending[name] = null
  servers.done[name] = undefined
  await tried(name, async () => {
    servers.done[name] = await ipc.sendNow(name, (soFar) => (servers.sending[name] = soFar))
  })
  servers.sending[name] = undefined
  await look()
}

/** Goes on with one that was added and never started. */
export function goOn({ remote, protocol, url, certificate }: ipc.ServerRow): void {
  servers.adding = { step: 'wanted', name: remote, place: { protocol, url, certificate } }
}

/** Ends adding; what was added and never started is removed. */
export async function giveUp(): Promise<void> {
  const name = servers.adding?.name
  if (name && !(await set(name, 'remove'))) return
  servers.adding = null
  servers.errors[''] = undefined
}

/** How many do not go on without the owner. */
export const stuck = (): number => servers.answer?.servers.filter(({ stands }) => stands === 'stopped').length ?? 0

/** What leaves this computer, in words; nothing where it is not known. */
export function sends(): { text: string; out: boolean; stuck: boolean } | null {
  const all = servers.answer?.servers
  if (!all || servers.lost) return null
  const going = all.filter(({ stands }) => ['sending', 'waiting', 'idle'].includes(stands))
  if (all.length === 0) return { text: words.foot.stays, out: false, stuck: false }
  if (stuck() > 0) return { text: words.foot.stuck(stuck()), out: going.length > 0, stuck: true }
  if (going.length === 0) return { text: words.foot.paused, out: false, stuck: false }
  const waiting = going.reduce((sum, { outbox }) => sum + outbox.waiting, 0)
  const now = going.some(({ stands }) => stands === 'sending')
  return { text: words.foot.sends(going.length, waiting, now), out: true, stuck: false }
}

/** What went wrong, with the way out that the window knows. */
export function explained(error: ipc.AppError): ipc.AppError {
  const found = words.servers.errors[error.code]
  return found ? { code: 'server', message: found[0], hint: found[1] } : error
}
