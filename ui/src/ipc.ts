// Everything that the page asks of the program. The only file that calls invoke(); its types mirror src-tauri/window/.
import { Channel, invoke as send } from '@tauri-apps/api/core'
import { listen } from '@tauri-apps/api/event'
import { getCurrentWebview } from '@tauri-apps/api/webview'
import type {
  Act,
  Added,
  AgentCall,
  AgentEntry,
  Agreement,
  BackedUp,
  Background,
  Backup,
  Beside,
  Change,
  Chart,
  ChartQuestion,
  Check,
  Compacted,
  Earlier,
  Ecg,
  Edit,
  Explained,
  ExplainedDays,
  ExplainedPair,
  ExplainedStretch,
  Exported,
  HistoryRow,
  Invitation,
  KeptCopy,
  Nights,
  Order,
  Overlapping,
  Part,
  Phones,
  Pushed,
  Receipt,
  RefusedRow,
  Restored,
  RowsOf,
  ServerEntry,
  ServerPlace,
  ServerPreview,
  Servers,
  Session,
  Settings,
  Source,
  Standing,
  Stays,
  Table,
  TrayWords,
  Verified,
  Wanted,
  WorkoutDetail,
  WorkoutFilter,
  Workouts,
} from './answers'
import { spoken } from './words'

export type * from './answers'

/** What a command throws. The page branches on `code`; `message` and `hint` are for people. */
export interface AppError {
  code: string
  message: string
  hint: string
}

export interface Status {
  records: number
  /** Samples besides that the owner hid or deleted; none is not told. */
  hidden?: number
  types: number
  first: string | null
  last: string | null
  /** Local days of the wearer. */
  first_day: string | null
  last_day: string | null
  /** Whether these are the sample person's data. */
  sample: boolean
  store: { bytes: number }
  last_import: string | null
  version: string
  data_dir: string
  home_zone: string
  /** What there is besides records. */
  entries: Partial<Record<EntryKind, { count: number }>>
}

export interface TypeRow {
  identifier: string
  name: string
  kind: 'quantity' | 'category'
  /** What an address calls it. */
  word: string
  group: string
  shown_unit: string
  /** In which units it may be read, where there is a choice. */
  units?: string[]
  sources: number
  unit: string
  count: number
  first: string | null
  last: string | null
  /** Local days of the wearer. */
  first_day: string | null
  last_day: string | null
}

export interface ImportRow {
  import: number
  channel: 'file' | 'phone'
  file: string | null
  device: string | null
  at: string
  /** When the phone wrote the export. */
  export_date: string | null
  new: number
  known: number
  /** Exact repeats inside the file. */
  duplicates: number
  superseded: number
  /** Records and entries that were left out. */
  rejected: number
  undone: boolean
  /** Whether some of its input was left out, or is lost or in doubt. */
  partial: boolean
}

export interface Problem {
  reason: string
  count: number
  first_position: number | null
}

/** What became of entries that are no records. */
export interface EntryCounts {
  read: number
  new: number
  rejected: number
}

export type EntryKind =
  | 'workouts'
  | 'routes'
  | 'ecgs'
  | 'correlations'
  | 'activity_days'
  | 'clinical_records'
  | 'audiograms'
  | 'vision_prescriptions'

export interface Report extends Record<EntryKind, EntryCounts> {
  import: number | null
  outcome: 'imported' | 'already_imported' | 'dry_run'
  file: string
  records: number
  new: number
  known: number
  replaced: number
  duplicates: number
  rejected: number
  superseded: number
  kept: number
  restored: number
  /** Rows of the file that the owner hid. */
  hidden: number
  problems: Problem[]
  /** What became of the records, by Apple's identifier. */
  by_type: Record<string, { read: number; rejected: number }>
  seconds: number
  /** Where the import moved the home zone, and with it days. */
  home_zone?: HomeMoved
}

/** A record or entry that was left out. */
export interface Reject {
  position: number | null
  type: string | null
  name: string | null
  reason: string
  text: string | null
}

/** The keys of `vitalog imports IMPORT` that the page uses. */
export interface ImportDetail {
  import: number
  problems: Problem[]
  /** The first of them only, where there are many. */
  rejects: Reject[]
  rejects_total: number
  /** The first files beside the document that were missing or not whole. */
  files: LostFile[]
}

export interface LostFile {
  reason: string
  type: string | null
  file: string | null
}

export interface Progress {
  records: number
  recordsPerSecond: number
  mbPerSecond: number
  secondsLeft: number | null
  fraction: number | null
  phase: 'waiting' | 'reading' | 'finishing'
}

/** How far an undo, a check or an export is. */
export interface Steps {
  done: number
  of: number
}

/** Where an import or an undo moved the home zone. */
export interface HomeMoved {
  was: string
  now: string
}

export interface Undone {
  import: number
  removed: number
  restored: number
  superseded: number
  home_zone?: HomeMoved
}

/** Asks the program. It answers in the language of the window, also where it says what went wrong. */
const invoke = <T>(command: string, sent: Record<string, unknown> = {}) => send<T>(command, { ...sent, language: spoken })

export const status = () => invoke<Status>('status')
/** Files that the window was opened with, or was handed since; each once. */
export const openedWith = () => invoke<string[]>('opened_with')
/** Where the window was opened at, or was asked to go since; once. */
export const openedAt = () => invoke<string | null>('opened_at')
/** Tells somebody who looks elsewhere; false where they look here. */
export const announce = (title: string, text: string) => invoke<boolean>('announce', { title, text })
export const zoom = (factor: number) => invoke<number>('zoom', { factor })
export const close = () => invoke<null>('close')
export const setMenu = (words: Record<string, string>, shown: boolean) => invoke<null>('set_menu', { words, shown })
export const types = () => invoke<TypeRow[]>('types')
export const imports = () => invoke<ImportRow[]>('imports')
export const importDetail = (id: number) => invoke<ImportDetail>('import_detail', { import: id })
/** Stops what runs: an import, an undo, or another long job. */
export const cancelImport = () => invoke<null>('cancel_import')

export const chart = (question: ChartQuestion) => invoke<Chart>('chart', { question })
/** Keeps a chart in a file that the system's own dialog asks for; false if that was closed. */
export const saveChart = (question: ChartQuestion, kept: 'png' | 'svg' | 'csv', title: string, name: string) =>
  invoke<boolean>('save_chart', { question, kept, title, name })
export const saveRoute = (id: number, title: string, name: string) => invoke<boolean>('save_route', { id, title, name })
export const nights = (from: string, to: string) => invoke<Nights>('nights', { from, to })
export const changes = (last: string) => invoke<Change[]>('changes', { last })
export const ecgs = () => invoke<Ecg[]>('ecgs')
export const beside = (word: string, from: string, to: string, earlier: Earlier) => invoke<Beside>('beside', { word, from, to, earlier })
export const explain = (word: string, day: string) => invoke<Explained>('explain', { word, day })
export const explainDays = (word: string, from: string, to: string) => invoke<ExplainedDays>('explain_days', { word, from, to })
export const explainPair = (pair: string, from: string, to: string) => invoke<ExplainedPair>('explain_pair', { pair, from, to })
export const explainStretch = (word: string, from: number, until: number) => invoke<ExplainedStretch>('explain_stretch', { word, from, until })
export const workouts = (filter: WorkoutFilter) => invoke<Workouts>('workouts', { filter })
export const workout = (id: number) => invoke<WorkoutDetail>('workout', { id })
export const sources = () => invoke<Source[]>('sources')
export const overlaps = () => invoke<Overlapping[]>('overlaps')
export const stays = () => invoke<Stays>('stays')
export const sourceOrder = (word: string) => invoke<Order>('source_order', { word })
/** Sources by their numbers, the best first; none goes back to the default order. */
export const setSourceOrder = (word: string, order: number[]) => invoke<Order>('set_source_order', { word, order })
/** How many rows an act would be about. */
export const countRows = (rows: RowsOf) => invoke<{ rows: number }>('count_rows', { rows })
/** Rows count no more; those that are deleted are gone for good after 30 days. */
export const hideRows = (rows: RowsOf, deletes: boolean) => invoke<Act>('hide_rows', { rows, deletes })
export const sessions = (day: string) => invoke<Session[]>('sessions', { day })
/** Says what the session is that starts at an instant; `at` is where one is split, a time on the clock. */
export const editNight = (editAs: Edit, start: string, at: string | null) => invoke<Act>('edit_night', { editAs, start, at })
export const history = () => invoke<HistoryRow[]>('history')
export const takeBack = (act: number) => invoke<Act>('take_back', { act })
export const check = () => invoke<Agreement[]>('check')
export const sql = (statement: string) => invoke<Table>('sql', { statement })
/** What goes on when the window is closed; the words are those of the icon beside the clock. */
export const background = (words: TrayWords | null = null) => invoke<Background>('background', { words })
export const setBackground = (on: boolean) => invoke<Background>('set_background', { on })
export const setLogin = (on: boolean) => invoke<Background>('set_login', { on })
/** What agents asked, the newest first, as `vitalog mcp log` tells it. */
export const agentCalls = (newest: number) => invoke<AgentCall[]>('agent_calls', { newest })
/** Puts our entry into the configuration of a program that runs agents; null if the dialog was closed. */
export const configureAgent = (title: string, name: string) => invoke<AgentEntry | null>('configure_agent', { title, name })
export const settings = () => invoke<Settings>('settings')
export const setSetting = (key: string, to: string) => invoke<Settings>('set_setting', { key, to })
export const doctor = () => invoke<Check[]>('doctor')

export const holdings = () => invoke<Part[]>('holdings')
export const keptCopies = () => invoke<KeptCopy[]>('kept_copies')
export const compact = () => invoke<Compacted>('compact')
/** Shows the system's own dialog; null if it was closed. */
export const backUp = (title: string, name: string) => invoke<BackedUp | null>('back_up', { title, name })
/** The same; what was chosen is restored by `restore`. */
export const chooseBackup = (title: string, filter: string) => invoke<Backup | null>('choose_backup', { title, filter })
export const restore = () => invoke<Restored>('restore')
export const bringBack = (name: string) => invoke<Restored>('bring_back', { name })
export const deleteAll = () => invoke<Receipt>('delete_all', { confirm: 'delete' })

export const phones = () => invoke<Phones>('phones')
/** Receives in this window, anew where it does already, and keeps that; or no more. */
export const receive = (on: boolean) => invoke<Phones>('receive', { on })
export const invite = (app: string | null, name: string | null) => invoke<Invitation>('invite', { app, name })
export const invitation = (pairing: number) => invoke<Standing>('invitation', { pairing })
/** Says yes to who came with an invitation, or ends it. */
export const answerGuest = (pairing: number, accept: boolean) => invoke<Phones>('answer_guest', { pairing, accept })
export const addDevice = (app: string, name: string) => invoke<Added>('add_device', { app, name })
export const setDevice = (device: number, standing: 'accept' | 'pause' | 'resume' | 'revoke') => invoke<Phones>('set_device', { device, standing })
export const renameDevice = (device: number, name: string) => invoke<Phones>('rename_device', { device, name })
/** How many records an undo of a phone would take back. */
export const brought = (device: number) => invoke<number>('brought', { device })

/** Takes back everything that a phone ever sent; null where nothing of it is there. */
export function undoDevice(device: number, heard: (steps: Steps) => void): Promise<Undone | null> {
  const progress = new Channel<Steps>()
  progress.onmessage = heard
  return invoke<Undone | null>('undo_device', { device, progress })
}

export const servers = () => invoke<Servers>('servers')
/** Asks whether a server is there, with no secret: the fingerprint of a certificate that nobody known has signed. */
export const knock = (place: ServerPlace) => invoke<{ certificate: string | null }>('knock', { place })
/** Adds a server and signs in; nothing is sent to it before it is resumed. */
export const addServer = (place: ServerPlace, entry: ServerEntry, name: string, user: string | null) =>
  invoke<Servers & { name: string }>('add_server', { place, entry, name, user })
export const chooseRows = (name: string, wanted: Wanted) => invoke<Servers>('choose_rows', { name, wanted })
export const signIn = (name: string, entry: ServerEntry) => invoke<Servers>('sign_in', { name, entry })
export const setServer = (name: string, standing: 'pause' | 'resume' | 'retry' | 'leave_out' | 'remove') =>
  invoke<Servers>('set_server', { name, standing })
export const testServer = (name: string) => invoke<unknown>('test_server', { name })
export const previewServer = (name: string) => invoke<ServerPreview>('preview_server', { name })
export const dryRun = (name: string) => invoke<Pushed>('dry_run', { name })
export const stopSending = (name: string) => invoke<null>('stop_sending', { name })
export const refused = (name: string) => invoke<RefusedRow[]>('refused', { name })
export const serverReport = (name: string) => invoke<string>('server_report', { name })

/** Sends to a server now. */
export function sendNow(name: string, heard: (soFar: Pushed) => void): Promise<Pushed> {
  const progress = new Channel<Pushed>()
  progress.onmessage = heard
  return invoke<Pushed>('send_now', { name, progress })
}

/** Checks everything; with `repair` after making days and counts anew. */
export function verify(repair: boolean, heard: (steps: Steps) => void): Promise<Verified> {
  const progress = new Channel<Steps>()
  progress.onmessage = heard
  return invoke<Verified>('verify', { repair, progress })
}

/** Writes everything into a folder that the system's own dialog asks for; null if that was closed. */
export function exportEverything(form: 'jsonl' | 'csv', title: string, heard: (steps: Steps) => void): Promise<Exported | null> {
  const progress = new Channel<Steps>()
  progress.onmessage = heard
  return invoke<Exported | null>('export_everything', { form, title, progress })
}

/** Shows the system's own dialog; null if it was closed. */
export const chooseExport = (title: string, filter: string) =>
  invoke<string | null>('choose_export', { title, filter })

/** The same for the folder of an export that was unzipped. */
export const chooseExportFolder = (title: string) => invoke<string | null>('choose_folder', { title })

export function importExport(path: string, heard: (progress: Progress) => void): Promise<Report> {
  const progress = new Channel<Progress>()
  progress.onmessage = heard
  return invoke<Report>('import_export', { path, progress })
}

export function undoImport(id: number, heard: (steps: Steps) => void): Promise<Undone> {
  const progress = new Channel<Steps>()
  progress.onmessage = heard
  return invoke<Undone>('undo_import', { import: id, progress })
}

/** Looks at the sample person's data, or goes back to one's own. */
export function sample(on: boolean, heard: (progress: Progress) => void): Promise<Status> {
  const progress = new Channel<Progress>()
  progress.onmessage = heard
  return invoke<Status>('sample', { on, progress })
}

export type Drop = { type: 'over' } | { type: 'left' } | { type: 'dropped'; paths: string[] }

/** Files that are dragged over the window. Returns how to stop listening. */
export function onDrop(heard: (drop: Drop) => void): Promise<() => void> {
  return getCurrentWebview().onDragDropEvent(({ payload }) => {
    if (payload.type === 'drop') heard({ type: 'dropped', paths: payload.paths })
    else heard({ type: payload.type === 'leave' ? 'left' : 'over' })
  })
}

/** What is chosen in a menu, by its name. Returns how to stop listening. */
export const onAct = (heard: (name: string) => void): Promise<() => void> => listen<string>('act', ({ payload }) => heard(payload))

/** A second start handed something over; `openedWith` and `openedAt` tell what. */
export const onHanded = (heard: () => void): Promise<() => void> => listen('handed', heard)

/** Something has come from a phone: what is shown may be others now. */
export const onArrived = (heard: () => void): Promise<() => void> => listen('arrived', heard)

/** Anything about phones is otherwise: who receives, who asks, what came. */
export const onPhones = (heard: () => void): Promise<() => void> => listen('phones', heard)

/** Anything about servers is otherwise: what waits, what was sent, what is in the way. */
export const onServers = (heard: () => void): Promise<() => void> => listen('servers', heard)

/** Whatever a command threw, as an error with words. */
export function asError(thrown: unknown): AppError {
  if (typeof thrown === 'object' && thrown !== null && 'code' in thrown && 'message' in thrown) {
    const { code, message } = thrown as AppError
    return { code, message, hint: (thrown as Partial<AppError>).hint ?? '' }
  }
  return { code: 'internal', message: String(thrown), hint: '' }
}
