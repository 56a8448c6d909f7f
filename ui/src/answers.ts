// What the commands of the screens answer; mirrors src-tauri/window/ and crates/app/src/screen/.
import type { Range } from './address.svelte'

export type Theme = 'light' | 'dark'

export interface ChartQuestion {
  /** As in `vitalog chart`: a type's word, sleep, rings, workout:12 and more. */
  subject: string
  range: Range
  last: string | null
  small?: boolean
  page?: number
  /** From where to where on the x axis, for a part of a day, a night or a workout. */
  part?: [number, number] | null
  /** The last day of another time that it is compared with: both have one scale. */
  beside?: string
  width: number
  height: number
  theme: Theme
}

/** A place of the time axis, and what is told there. */
export interface Slot {
  from: number
  to: number
  label: string
  parts: { name: string; text: string }[]
  /** The first and last day whose numbers it tells. */
  days?: [string, string]
  /** From when to when it is of, where it is shorter than a day and explained by itself. */
  stretch?: [number, number]
  /** The words of the types that explain it, where they are not the one that explains the chart. */
  explains?: string[]
  /** From where to where it reaches on the other axis, where it is a cell. */
  rows?: [number, number]
  /** Of years over each other, its first and last day in each of them. */
  years?: [string, string][]
}

/** Where a number is explained. */
export interface Lead {
  word: string
  name: string | null
  firstDay: string
  lastDay: string
  /** From when to when, where it is of a part of a day. */
  stretch?: [number, number]
}

export interface Hero {
  what: 'range' | 'sum' | 'average_a_day' | 'average' | 'latest' | 'pair'
  value: number
  high: number | null
  mean: number | null
  unit: string
  digits: number
  readings: number | null
  withData: number
  slots: number
  /** Slots with data that are not over: what of them is not over either is in no average. */
  leftOut: number
  /** When it was read, where it is one reading. */
  at: { day: string; clock: string } | null
  /** What explains it: one type and its days, of a pair those of each half. */
  leads: Lead[]
}

/** The four weeks before. */
export interface Context {
  before: number
  usual: [number, number] | null
  days: number
}

/** Where values stand in the picture, in pixels. */
export interface Scale {
  x0: number
  x1: number
  y0: number
  y1: number
  left: number
  top: number
  right: number
  bottom: number
}

/** What can be drawn beside the stages of a night. */
export type Overlay = 'heart_rate' | 'oxygen_saturation' | 'respiratory_rate' | 'apple_sleeping_wrist_temperature'

export type Step = 'hour' | 'day' | 'week' | 'month' | 'year'

export interface Chart {
  svg: string
  scale: Scale
  /** Lower edge of the lowest plot, where there is more than one. */
  lowest?: number
  /** What else was measured in a night. */
  measured?: Overlay[]
  title: string
  /** The days it shows, by the calendar of whoever wore the watch. */
  days: string
  firstDay: string
  lastDay: string
  /** The first day that it tells of, where the picture begins before there was anything. */
  since?: string
  /** The last day that has begun, where it goes on into days to come. */
  until?: string
  empty: boolean
  /** The word of the type that explains its numbers. */
  explains?: string
  /** Where its numbers come from, where those are no records; which records are beside them. */
  origin?: { sentence: string; beside: Lead[] }
  /** The nearest days with data, where there are none here. */
  nearest?: Nearest
  /** All of the x axis, where parts of it can be shown. */
  whole?: { from: number; to: number; least: number }
  open: boolean
  /** Whether a slot is drawn from its lowest to its highest value. */
  capsules: boolean
  step: Step
  slots: Slot[]
  hero: Hero | null
  context: Context | null
  summary: string
  columns: string[]
  rows: string[][]
}

/** Days with data before and after some without any; of sleep those that nights count for. */
export interface Nearest {
  days: [string, string]
  nights: boolean
  before: string | null
  after: string | null
  /** What was measured on the last day before; none of what adds up over a day. */
  latest?: Hero
}

export type Stage = 'awake' | 'rem' | 'core' | 'deep' | 'unspecified'

export interface Nights {
  nights: number
  days: number
  naps: number
  inBedOnly: number
  asleepMin: number | null
  inBedMin: number | null
  /** Nobody wrote the time in bed of one of them. */
  inBedEstimated: boolean
  efficiency: number | null
  latencyMin: number | null
  awakeMin: number | null
  /** Minutes after midnight. */
  asleepAt: number | null
  awakeAt: number | null
  spreadMin: number | null
  stages: { stage: Stage; minutes: number; share: number }[]
  /** None where there were too few nights to compare with: how many there were, and how many it takes. */
  beforeMin: number | null
  beforeNights: number
  beforeNeeds: number
  usualMin: [number, number] | null
  sources: string[]
}

export interface Change {
  what: 'outside' | 'trend' | 'bedtime' | 'latest'
  subject: string
  name: string
  value: number
  before: number | null
  unit: string
  days: number
  day: string
}

export interface Explained {
  /** Digits behind the point that its chart has. */
  digits?: number
  day: string
  zone: string
  value: number | null
  unit: string | null
  rule: string
  sentence: string
  naive_sum: number | null
  covered_min?: number
  shared_min?: number
  asleep?: number
  /** The newest reading of the day, which need not be its number. */
  latest?: { at: string; clock: string; value: number }
  /** Of sleep: what each session of the day is, and where it comes from; naps are in no night. */
  sessions?: { kind: Session['kind']; start: string; clock: [string, string]; asleep_min: number | null; sources: Explained['sources'] }[]
  nap_min?: number | null
  /** Rows of the day that the owner hid, and what was said about its sleep. */
  hidden?: number
  edits?: Edit[]
  double_entries?: { at: string; value: number; sources: number }[]
  /** What apps summed up by themselves: in no number. */
  summaries?: { app: string; grain: string; count: number; said: string }[]
  sources: { source: string; id: number | null; rows_used: number; rows_left_out: number; value: number | null }[]
}

/** A pair with its days. */
export interface ExplainedPair {
  from: string
  to: string
  units: [string, string]
  counted: number
  sentence: string
  left_out: { only_first: number; only_second: number; neither: number; not_over: number }
  days: {
    day: string
    second_day: string
    first: number | null
    second: number | null
    fate: 'counts' | 'only_first' | 'only_second' | 'neither' | 'not_over'
  }[]
}

/** A stretch of a day with its records. */
export interface ExplainedStretch {
  /** Digits behind the point that its chart has. */
  digits?: number
  day: string
  from: string
  until: string
  /** On the wearer's clock. */
  clock: [string, string]
  zone: string
  value: number | null
  min: number | null
  max: number | null
  unit: string | null
  sentence: string
  naive_sum: number | null
  hidden?: number
  sources: Explained['sources']
  rows: {
    source: string
    clock: [string, string]
    value: number | null
    adds: number | null
    fate: 'counts' | 'counts_inside' | 'counts_in_part' | 'better_source' | 'same_source' | 'unknown_unit'
  }[]
  rows_total: number
}

/** Several days, each with its number. */
export interface ExplainedDays {
  /** Digits behind the point that its chart has. */
  digits?: number
  from: string
  to: string
  /** Of the days that count: a sum's a day. */
  mean: number | null
  total: number | null
  min: number | null
  max: number | null
  unit: string | null
  sentence: string
  counted: number
  of_days: number
  /** The day that is not over and therefore not in the mean. */
  not_over?: string
  /** The days with data; of a long stretch its years. */
  parts: { from: string; to: string; value: number; min: number | null; max: number | null; days: number }[]
}

/** An electrocardiogram, as its recorder described it. */
export interface Ecg {
  id: number
  /** By the wearer's clock: `2026-03-14 07:00`. */
  localStart: string | null
  classification: string | null
  symptoms: string | null
  source: string | null
  pages: number
}

/** Which earlier stretch: the whole weeks right before, the same ones a year ago, or the very days from one to another. */
export type Earlier = 'before' | 'year' | `${string}..${string}`

/** A stretch of days beside an earlier one. */
export interface Beside {
  days: [string, string]
  earlierDays: [string, string]
  averages: {
    now: number
    earlier: number
    difference: number
    relative: number | null
    unit: string
    digits: number
    /** Days with data in either. */
    withData: [number, number]
    ofDays: number
    /** Days of the earlier time. */
    earlierOfDays: number
  } | null
  /** Which days these are, in words, where they are not all that is shown. */
  note: string | null
  /** Why there are none. */
  reason: 'too_short' | 'no_data' | 'few_days' | 'uneven' | null
}

/** A unit of length, and how many metres it has. */
export interface Length {
  symbol: string
  metres: number
}

/** A unit of energy, and how many kilocalories it has. */
export interface Energy {
  symbol: string
  kcal: number
}

/** Which workouts, and how many of them are told one by one. */
export interface WorkoutFilter {
  kind?: string
  from?: string
  to?: string
  leastMin?: number
  search?: string
  most: number
}

/** The newest workouts that fit a filter, and what all that fit come to. */
export interface Workouts {
  rows: Workout[]
  totals: { count: number; duration_s: number; distance_m: number | null; energy_kcal: number | null }
  kinds: { kind: string; name: string; count: number }[]
  /** Without a filter. */
  all: number
  ways: Workout['ways']
  energy: Energy
}

export interface Workout {
  id: number
  activity_name: string
  start: string
  end: string
  /** By the wearer's clock: `2026-03-14 07:00`. */
  local_start: string
  /** How the owner reads ways and heights. */
  ways: { way: Length; height: Length }
  energy: Energy
  duration_s: number | null
  distance_m: number | null
  energy_kcal: number | null
  source: string | null
  heart_rate: { min: number; mean: number; max: number } | null
  route_points: number
  same_as: number | null
}

export interface WorkoutDetail extends Workout {
  pauses: { start: string; end: string }[]
  elevation_up_m: number | null
  elevation_down_m: number | null
  /** How people tell how fast they were. */
  tempo: 'pace' | 'speed'
  splits: { start: string; distance_m: number; moving_s: number; pace_s_per_km: number | null }[]
  zones: { method: 'highest_minute' | 'age' | 'set'; highest_bpm: number | null; limits: number[]; minutes: number[] } | null
  /** Where each number that there is comes from. */
  why: { what: 'length' | 'distance' | 'energy' | 'heart_rate' | 'climbed' | 'splits' | 'zones'; sentence: string; sources?: Explained['sources'] }[]
  /** The same activity as other sources wrote it. */
  same?: { id: number; source: string | null; start: string; counts: boolean }[]
}

export interface Source {
  id: number
  source: string
  names: string[]
  hardware: string | null
  records: number
  first: string | null
  last: string | null
}

/** A type that several sources wrote on the same days. */
export interface Overlapping {
  type: string
  word: string
  name: string
  days: number
  shared_days: number
  twice: number | null
  shared: { sources: string[]; days: number }[]
}

/** Where the wearer was, the oldest first. */
export interface Stays {
  home_zone: string
  home_from: string
  followed: boolean
  stays: {
    from: string | null
    to: string | null
    zone: string
    sleep: number
    workouts: number
    sources: string[]
    assumed: boolean
  }[]
}

export interface Order {
  type: string
  chosen: boolean
  order: { id: number; source: string; hardware: string | null; named: boolean }[]
  /** What made it so just now. */
  act?: Act
}

/** How well one thing agrees with Apple's own number. */
export interface Agreement {
  what: string
  n: number
  within_2_percent: number
  median_relative: number
}

export interface Table {
  columns: string[]
  rows: (string | number | null)[][]
  cut: boolean
}

export type Settings = Record<string, string | number>

/** What goes on when the window is closed. */
export interface Background {
  /** Receiving does. */
  background: boolean
  /** There is an icon beside the clock for it. */
  icon: boolean
  /** The program starts, hidden, with the session; `can_login` says whether it can here. */
  login: boolean
  can_login: boolean
}

/** What the menu of that icon says. */
export interface TrayWords {
  open: string
  receive: string
  quit: string
}

export interface Check {
  check: string
  ok: boolean
  found: string
  fix: string
}

/** The rows that an act is about; none of days or source means all. */
export interface RowsOf {
  word: string
  from: string | null
  to: string | null
  source: number | null
}

export type Edit = 'split' | 'merge' | 'nap' | 'night' | 'ignore'

/** What the owner did, as `vitalog history` tells it. */
export interface Act {
  act: number
  at: string
  what: 'hide' | 'delete' | 'order' | Edit
  type: string
  from: string | null
  until: string | null
  source: string[]
  rows: number
  taken_back: string | null
  wiped_from: string | null
  wiped: string | null
}

export interface HistoryRow extends Act {
  name: string
  /** What an address calls its type. */
  word: string
  /** The group of its type. */
  group: string
  /** First and last local day; null at an end that is open. */
  days: [string | null, string | null]
  /** Of an edit of sleep the days under which it is shown. */
  nights: string[]
}

/** A session of sleep; times are the wearer's own. */
export interface Session {
  start: string
  from: string
  until: string
  kind: 'main' | 'extra' | 'nap' | 'in_bed_only'
  asleepMin: number
  joins: boolean
}

/** A part of the data folder, and its size. */
export interface Part {
  part: 'store' | 'kept' | 'sample' | 'window' | 'other'
  bytes: number
}

export interface Verified {
  ok: boolean
  exists: boolean
  findings: { check: string; text: string }[]
}

export interface Compacted {
  before: number
  after: number
  copies_removed: number
}

/** A backup that is to be restored. */
export interface Backup {
  file: string
  records: number
  last_import: string | null
  bytes: number
  schema: number
}

export interface BackedUp {
  file: string
  records: number
  bytes: number
}

export interface Restored {
  file: string
  records: number
  /** Null where nothing was there before. */
  kept: string | null
  damaged: boolean
}

/** A copy from before a restore or an upgrade. */
export interface KeptCopy {
  name: string
  what: 'before_restore' | 'before_upgrade' | 'damaged'
  at: string
  until: string
  bytes: number
}

export interface Exported {
  records: number
  /** Of each kind of record, by the key `record`. */
  counts: Record<string, number>
  /** Those of them that the owner hid. */
  hidden: number
  /** Rows that the owner deleted: they are not written. */
  deleted: number
  out: string
  /** Files of an earlier export that this one had nothing for. */
  left: string[]
}

/** What was deleted, and what was not. */
export interface Receipt {
  at: string
  records: number | null
  bytes: number
  removed: { name: string; bytes: number }[]
  left: string[]
  receipt: string | null
}

/** Who asks to be let in. */
export interface Guest {
  label: string
  address?: string
  /** Four digits that the phone shows, too; none where an app came by itself. */
  number?: string
  /** Number of the phone, where an app came by itself. */
  device?: number
}

/** Why a phone is silent, or that it is not. */
export interface Why {
  reason: string
  ok: boolean
  said: string
  next: string
}

export interface PhoneRow {
  device: number
  app: string
  app_name: string
  name: string
  state: 'waiting' | 'active' | 'paused' | 'revoked'
  added: string
  last_seen: string | null
  address: string | null
  app_version: string | null
  /** New records of the last 24 hours. */
  lately: number
  /** Transfers that are not in the store yet. */
  pending: number
  why: Why
}

export interface DeliveryRow {
  delivery: number
  device: number
  app: string
  name: string
  received: string
  bytes: number
  state: 'pending' | 'done' | 'unreadable'
  new: number
  known: number
  replaced: number
  rejected: number
  /** What was wrong: of so many records, or of all that came. */
  said: { text: string; count: number; of_records: boolean }[]
}

/** Everything about phones. */
export interface Phones {
  receiver: {
    on: boolean
    urls: string[]
    since: string | null
    /** Whether it begins with the window. */
    wanted: boolean
    /** Transfers that are not in the store yet. */
    pending: number
    /** SHA-256 of the certificate that phones compare, in hexadecimal digits; absent where nothing is encrypted. */
    fingerprint?: string
  }
  apps: { app: string; name: string; steps: string[] }[]
  asking: (Guest & { pairing: number })[]
  devices: PhoneRow[]
  deliveries: DeliveryRow[]
  turned_away: { address: string; reason: string; times: number }[]
  /** How many wait for the owner's word. */
  waiting: number
  /** Whether it is this window that receives. */
  here: boolean
  /** Why it does not, though it is wanted. */
  trouble: { code: string; message: string; hint: string } | null
  /** Whether the network could not be told of it. */
  unannounced: boolean
}

/** What a phone needs to come: shown once. */
export interface Invitation {
  pairing: number
  urls: string[]
  page: string
  /** What an app that takes the code itself is told, encrypted first, as far as that is offered. */
  servers: string[]
  code: string
  expires: string
  /** For the phone's camera, as SVG. */
  picture: string | null
}

export interface Standing {
  pairing: number
  state: 'open' | 'asks' | 'in' | 'late' | 'guessed' | 'ended'
  wrong: number
  expires: string | null
  guest: Guest | null
  /** An app came with the code by itself: no page on the phone goes on. */
  by_app: boolean
}

/** What is typed into an app: shown once. */
export interface Added {
  device: number
  app: string
  name: string
  address: string
  path?: string
  header?: string
  token?: string
  user_id?: string
  access_token?: string
  refresh_token?: string
  steps: string[]
  links: { name: string; link: string }[]
  /** The page with the certificate, where the address is encrypted. */
  certificate?: string
  /** The same without encryption, where both are offered. */
  plain_url?: string
  plain?: { address: string; links: { name: string; link: string }[] }
}

/** A kind of server that can be added, and what it asks for. */
export interface ServerKind {
  protocol: string
  name: string
  about: string
  /** How an address of one may look. */
  example: string
  ways: ServerWay[]
  /** What is said where it asks for whom it is sent. */
  user?: string
  takes_back: boolean
  /** What it has a place for besides samples. */
  records: { word: string; name: string }[]
}

/** A way to sign in at a server. */
export interface ServerWay {
  way: string
  name: string
  /** What is typed besides the secret. */
  id?: string
  /** What the secret is called; absent where there is none. */
  secret?: string
  note: string
  /** Whether one signs in so again, where the server is there already. */
  again: boolean
}

export interface Outbox {
  /** Rows that it has. */
  acked: number
  /** Of these, those that it took without saying whether they are stored. */
  accepted: number
  waiting: number
  refused: number
  left_out: number
  /** Rows that are gone here and stay there. */
  stays: number
  next_try: string | null
  last_error: string | null
}

export interface ServerRow {
  id: number
  remote: string
  protocol: string
  kind: string
  url: string
  /** What it gets; null for everything. */
  types: string[] | null
  since: string | null
  every_s: number | null
  certificate: string | null
  secret: string
  user: string | null
  /** Whether it says what it stored. */
  confirms: boolean
  paused: boolean
  /** Code of what the owner has to do first. */
  stopped: string | null
  reached: string | null
  sent: number
  stands: 'new' | 'paused' | 'stopped' | 'sending' | 'waiting' | 'idle'
  outbox: Outbox
}

export interface Servers {
  servers: ServerRow[]
  kinds: ServerKind[]
  /** Whether this window sends by itself. */
  here: boolean
}

/** Where a server is. */
export interface ServerPlace {
  protocol: string
  url: string
  certificate: string | null
}

/** How somebody signs in there: it goes out once and comes back in no answer. */
export interface ServerEntry {
  way: string
  id: string
  secret: string
  keep: 'keyring' | 'file'
}

/** What a server is to get. */
export interface Wanted {
  types: string[]
  since: string | null
  every_s: number | null
}

/** What would be sent first. */
export interface ServerPreview {
  waiting: number
  rows: number
  withdrawn: number
  held: number
  body: string
}

/** What a push did, or would do. */
export interface Pushed {
  selected: number
  sent: number
  accepted: number
  stored: number
  withdrawn: number
  refused: number
  waiting: number
  problems: { reason: string; count: number; said?: string }[]
  failed?: { code: string; message: string; again_ms: number | null }
}

export interface RefusedRow {
  reason: string
  /** The reason in words. */
  why: string
  said: string
  at: string
  /** Rows of which sort, in words. */
  what: string
  row: unknown
}

/** One call of an agent. */
export type AgentCall = { at: string; agent: string; tool: string; arguments: string; outcome: string; bytes: number }
/** Where our entry was written. */
export type AgentEntry = { file: string; replaced: boolean }
