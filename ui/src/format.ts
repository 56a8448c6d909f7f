// Numbers and times as text. No Intl: where the system's language is "C" it throws, and the window would stay blank.
import { words } from './words/en'

/** 4741049 -> "4,741,049" */
export function count(n: number): string {
  return Math.round(n)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ',')
}

/** "1 Mar 2026" for a local day such as "2026-03-01", and for an instant by the clock of this computer; else empty. */
export function day(stamp: string | number | null): string {
  const local = /^(\d{4})-(\d\d)-(\d\d)$/.exec(String(stamp))
  if (local) return `${Number(local[3])} ${words.months[Number(local[2]) - 1] ?? ''} ${Number(local[1])}`
  const date = new Date(stamp ?? Number.NaN)
  if (Number.isNaN(date.getTime())) return ''
  return `${date.getDate()} ${words.months[date.getMonth()] ?? ''} ${date.getFullYear()}`
}

/** "1 Mar 2026, 21:58" */
export function dayAndTime(stamp: string | number | null): string {
  const date = new Date(stamp ?? Number.NaN)
  if (Number.isNaN(date.getTime())) return ''
  const two = (n: number) => n.toString().padStart(2, '0')
  return `${day(stamp)}, ${two(date.getHours())}:${two(date.getMinutes())}`
}

/** "2 s", "3 min 20 s", "1 h 5 min" */
export function duration(seconds: number): string {
  const s = Math.max(0, Math.round(seconds))
  if (s < 60) return `${s} s`
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`
  return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`
}

/** "0.4 s" below ten seconds, else as `duration`. */
export function shortDuration(seconds: number): string {
  if (seconds < 0.1) return 'less than 0.1 s'
  return seconds < 10 ? `${seconds.toFixed(1)} s` : duration(seconds)
}

/** Last part of a path. */
export function fileName(path: string): string {
  return path.split(/[\\/]/).pop() ?? path
}
