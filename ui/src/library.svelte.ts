// What the screens share: how much there is, the history, and the running import.
import * as ipc from './ipc'
import { fileName } from './format'
import { words } from './words'

export const library = $state({
  status: null as ipc.Status | null,
  imports: null as ipc.ImportRow[] | null,
  types: null as ipc.TypeRow[] | null,
  error: null as ipc.AppError | null,
  /** Grows with every change of the store, so that screens know when to ask again. */
  version: 0,
})

/** How many samples are here, those that the owner hid with them: what a copy has, and what goes with everything. */
export const recordsThere = () => (library.status?.records ?? 0) + (library.status?.hidden ?? 0)

/** A file that is to be imported; its key tells two drops of one file apart. */
export interface Waiting {
  key: number
  path: string
  file: string
}

/** What became of a file: a report or an error. */
export interface Outcome {
  key: number
  file: string
  report: ipc.Report | null
  error: ipc.AppError | null
  /** Whether it was done before it could be cancelled. */
  tooLate: boolean
}

/** More files than this do not wait. */
export const MOST_WAITING = 50

/** What else takes long, and is done one at a time. */
export type Job = 'verify' | 'repair' | 'compact' | 'backUp' | 'restore' | 'export' | 'deleteAll' | 'undoPhone'

export const importing = $state({
  file: null as string | null,
  progress: null as ipc.Progress | null,
  cancelling: false,
  waiting: [] as Waiting[],
  /** Files that found no place in the queue. */
  turnedAway: 0,
  /** Of the files since the last time that nothing was under way, the newest first. */
  outcomes: [] as Outcome[],
  /** What went wrong besides imports. */
  error: null as ipc.AppError | null,
  /** The import that is being undone, and how far that is. */
  undoing: null as { id: number; file: string } | null,
  steps: null as ipc.Steps | null,
  /** Another long job, such as a backup. */
  job: null as Job | null,
  /** Whether the page goes back to one's own data. */
  leaving: false,
  undone: null as ipc.Undone | null,
  /** The import whose undo was cancelled. */
  kept: null as string | null,
})

const idle = {
  ...{ file: null, progress: null, cancelling: false, turnedAway: 0, error: null },
  ...{ undoing: null, steps: null, job: null, leaving: false, undone: null, kept: null },
}

/** Whether an import, an undo or another long job runs, or other data are about to be shown: what is listed may not be theirs. */
export const busy = () => importing.file !== null || importing.undoing !== null || importing.leaving || importing.job !== null

/** Forgets everything about imports; for a page that opens. */
export function reset(): void {
  Object.assign(importing, idle, { waiting: [], outcomes: [] })
}

/** Asks for the status, the history and the types. */
export async function refresh(): Promise<void> {
  try {
    const [status, imports, types] = await Promise.all([ipc.status(), ipc.imports(), ipc.types()])
    library.status = status
    library.types = types
    library.imports = [...imports].sort((a, b) => b.import - a.import)
    library.error = null
  } catch (thrown) {
    library.error = ipc.asError(thrown)
  }
  library.version += 1
}

let keys = 0

/** Imports files, one after the other; those that come while one is read wait for their turn. */
export async function add(paths: string[]): Promise<void> {
  const room = Math.max(0, MOST_WAITING - importing.waiting.length)
  const fresh = paths.filter((path) => !importing.waiting.some((waiting) => waiting.path === path))
  importing.waiting.push(...fresh.slice(0, room).map((path) => ({ key: ++keys, path, file: fileName(path) })))
  importing.turnedAway = Math.max(0, fresh.length - room)
  if (busy()) return
  Object.assign(importing, { outcomes: [], error: null, undone: null, kept: null })
  await work()
}

/** Takes a file out of the queue. */
export function forget(key: number): void {
  importing.waiting = importing.waiting.filter((waiting) => waiting.key !== key)
}

async function work(): Promise<void> {
  for (let next = importing.waiting.shift(); next !== undefined; next = importing.waiting.shift()) {
    Object.assign(importing, { file: next.file, progress: null, cancelling: false })
    if (library.status?.sample) await leaveSample()
    const outcome = await importOne(next)
    importing.outcomes.unshift(outcome)
    await refresh()
  }
  Object.assign(importing, { file: null, progress: null, cancelling: false, turnedAway: 0 })
}

/** Files go into one's own data, so these are shown before one is read. */
async function leaveSample(): Promise<void> {
  // Of the sample person's import.
  Object.assign(importing, { undone: null, kept: null })
  try {
    library.status = await ipc.sample(false, () => {})
  } catch (thrown) {
    importing.error = ipc.asError(thrown)
  }
  await refresh()
}

/** After an import this long somebody may look elsewhere. */
const LONG_MS = 10_000

/** Says at the end of a long import what became of it; nothing depends on whether that is seen. */
function announce({ file, report, error }: Outcome, ms: number): void {
  if (ms < LONG_MS || error?.code === 'cancelled') return
  const title = report === null ? words.notImported(file) : words.import.isImported(file)
  ipc.announce(title, report === null ? '' : words.import.newRecords(report.new)).catch(() => {})
}

async function importOne(next: Waiting): Promise<Outcome> {
  const began = performance.now()
  const outcome = await imported(next)
  announce(outcome, performance.now() - began)
  return outcome
}

async function imported({ key, path, file }: Waiting): Promise<Outcome> {
  try {
    const report = await ipc.importExport(path, (progress) => {
      importing.progress = progress
    })
    return { key, file, report, error: null, tooLate: importing.cancelling }
  } catch (thrown) {
    return { key, file, report: null, error: ipc.asError(thrown), tooLate: false }
  }
}

export async function cancel(): Promise<void> {
  importing.cancelling = true
  await ipc.cancelImport()
}

/** Takes an import back; files that come meanwhile wait. */
export async function undo(id: number, file: string): Promise<void> {
  if (busy()) return
  Object.assign(importing, idle, { outcomes: [], undoing: { id, file } })
  let end: Partial<typeof importing>
  try {
    const undone = await ipc.undoImport(id, (steps) => {
      importing.steps = steps
    })
    end = { undone }
  } catch (thrown) {
    const error = ipc.asError(thrown)
    end = error.code === 'cancelled' ? { kept: file } : { error }
  }
  // Until then the page lists the import, and a file that comes has to wait.
  await refresh()
  Object.assign(importing, { undoing: null, steps: null, cancelling: false }, end)
  await work()
}

/** Does another long job; files that come meanwhile wait. */
export async function occupy(job: Job, doing: () => Promise<void>): Promise<void> {
  if (busy()) return
  Object.assign(importing, { job, steps: null, cancelling: false })
  await doing()
  Object.assign(importing, { job: null, steps: null, cancelling: false })
  await work()
}

/** Goes back from the sample person's data to one's own; files that come meanwhile wait. */
export async function backToOwn(): Promise<void> {
  if (busy()) return
  Object.assign(importing, idle, { outcomes: [], leaving: true })
  await leaveSample()
  importing.leaving = false
  await work()
}

/**
 * Looks at the sample person's data, who is made under the name of `file` where there is none; files that come meanwhile
 * wait. True where it is these data that are shown at the end.
 */
export async function lookAtSample(file: string): Promise<boolean> {
  if (busy()) return false
  Object.assign(importing, idle, { outcomes: [], file })
  try {
    library.status = await ipc.sample(true, (progress) => {
      importing.progress = progress
    })
  } catch (thrown) {
    const error = ipc.asError(thrown)
    if (error.code !== 'cancelled') importing.error = error
  }
  await refresh()
  Object.assign(importing, { file: null, progress: null, cancelling: false })
  await work()
  return library.status?.sample ?? false
}
