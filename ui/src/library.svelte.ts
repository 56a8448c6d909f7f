// What the screens share: how much there is, the history, and the running import.
import * as ipc from './ipc'
import { fileName } from './format'

export const library = $state({
  status: null as ipc.Status | null,
  imports: null as ipc.ImportRow[] | null,
  error: null as ipc.AppError | null,
  /** Grows with every change of the store, so that screens know when to ask again. */
  version: 0,
})

export const importing = $state({
  file: null as string | null,
  progress: null as ipc.Progress | null,
  cancelling: false,
  report: null as ipc.Report | null,
  error: null as ipc.AppError | null,
  /** The file that the error is about. */
  refused: null as string | null,
  undone: null as ipc.Undone | null,
})

/** Asks for the status and the history. */
export async function refresh(): Promise<void> {
  try {
    const [status, imports] = await Promise.all([ipc.status(), ipc.imports()])
    library.status = status
    library.imports = [...imports].sort((a, b) => b.import - a.import)
    library.error = null
  } catch (thrown) {
    library.error = ipc.asError(thrown)
  }
  library.version += 1
}

/** Imports a file; does nothing while one is read. */
export async function start(path: string): Promise<void> {
  if (importing.file !== null) return
  Object.assign(importing, { file: fileName(path), progress: null, cancelling: false, report: null, error: null, refused: null, undone: null })
  try {
    importing.report = await ipc.importExport(path, (progress) => {
      importing.progress = progress
    })
  } catch (thrown) {
    Object.assign(importing, { error: ipc.asError(thrown), refused: importing.file })
  }
  importing.file = null
  await refresh()
}

export async function cancel(): Promise<void> {
  importing.cancelling = true
  await ipc.cancelImport()
}

export async function undo(id: number): Promise<void> {
  Object.assign(importing, { report: null, error: null, refused: null, undone: null })
  try {
    importing.undone = await ipc.undoImport(id)
  } catch (thrown) {
    importing.error = ipc.asError(thrown)
  }
  await refresh()
}
