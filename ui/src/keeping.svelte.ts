// Checking, backing up, restoring, taking out and deleting the data: what runs and what came of it, whatever screen is shown.
import { forgetTraces } from './forget'
import * as ipc from './ipc'
import { importing, library, occupy, refresh, type Job } from './library.svelte'
import { words } from './words'

/** What the last job answered. */
type Done =
  | { job: 'verify' | 'repair'; answer: ipc.Verified }
  | { job: 'compact'; answer: ipc.Compacted }
  | { job: 'backUp'; answer: ipc.BackedUp }
  | { job: 'restore'; answer: ipc.Restored }
  | { job: 'export'; answer: ipc.Exported }
  | { job: 'deleteAll'; answer: ipc.Receipt }

export const keeping = $state({
  parts: [] as ipc.Part[],
  copies: [] as ipc.KeptCopy[],
  done: null as Done | null,
  error: null as { job: Job; error: ipc.AppError } | null,
  /** The job that was cancelled last. */
  stopped: null as Job | null,
  /** The backup that was chosen and is not restored yet. */
  chosen: null as ipc.Backup | null,
})

const nothing = { done: null, error: null, stopped: null, chosen: null }

/** Forgets what came of earlier jobs; for a page that opens. */
export function reset(): void {
  Object.assign(keeping, nothing, { parts: [], copies: [] })
}

/** Asks what lies in the data folder. */
export async function look(): Promise<void> {
  const [parts, copies] = await Promise.all([ipc.holdings(), ipc.keptCopies()])
  Object.assign(keeping, { parts, copies })
}

const heard = (steps: ipc.Steps) => {
  importing.steps = steps
}

async function run(job: Job, doing: () => Promise<Done['answer'] | null>): Promise<void> {
  await occupy(job, async () => {
    Object.assign(keeping, nothing)
    try {
      const answer = await doing()
      keeping.done = answer === null ? null : ({ job, answer } as Done)
      if (answer !== null && (job === 'restore' || job === 'deleteAll')) library.other += 1
    } catch (thrown) {
      const error = ipc.asError(thrown)
      if (error.code === 'cancelled') keeping.stopped = job
      else keeping.error = { job, error }
    }
    // What lies there, and how much of it, may be another.
    await refresh()
  })
}

export const verify = () => run('verify', () => ipc.verify(false, heard))
export const repair = () => run('repair', () => ipc.verify(true, heard))
export const compact = () => run('compact', ipc.compact)
export const backUp = () => run('backUp', () => ipc.backUp(words.data.backUpTitle, `Vitalog ${today()}`))
export const restore = () => run('restore', ipc.restore)
export const bringBack = (name: string) => run('restore', () => ipc.bringBack(name))
export const takeOut = (form: 'jsonl' | 'csv') => run('export', () => ipc.exportEverything(form, words.data.exportTitle, heard))

export const deleteAll = () =>
  run('deleteAll', async () => {
    const receipt = await ipc.deleteAll()
    forgetTraces()
    return receipt
  })

/** Says what a backup holds before it is restored. */
export async function chooseBackup(): Promise<void> {
  Object.assign(keeping, nothing)
  try {
    keeping.chosen = await ipc.chooseBackup(words.data.restoreTitle, words.data.filter)
  } catch (thrown) {
    keeping.error = { job: 'restore', error: ipc.asError(thrown) }
  }
}

function today(): string {
  const now = new Date()
  const two = (n: number) => String(n).padStart(2, '0')
  return `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`
}

/** Whether the sample person's data are shown: they are not kept, and made anew where they are missing. */
export const ofSample = () => library.status?.sample ?? false
