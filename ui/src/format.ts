// Numbers and times as text. No Intl: where the system's language is "C" it throws, and the window would stay blank.
import { words } from './words'

/** 4741049 -> "4,741,049" */
export function count(n: number): string {
  return number(n, 0)
}

/** A number with so many digits behind the point; 8213.6 -> "8,214" */
export function number(n: number, digits: number): string {
  const [whole = '', rest] = Math.abs(n).toFixed(Math.min(digits, 6)).split('.')
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, words.numbers.group)
  const sign = n < 0 && /[1-9]/.test(whole + (rest ?? '')) ? '\u2212' : ''
  return sign + grouped + (rest === undefined ? '' : words.numbers.point + rest)
}

/** As many digits as a number of its size deserves. */
export function plain(n: number): string {
  const size = Math.abs(n)
  const digits = Number.isInteger(n) || size >= 100 ? 0 : size >= 10 ? 1 : 2
  return number(n, digits)
}

/** With the digits that its chart has, where one says so, else as `plain`. */
export function written(n: number, digits?: number | null): string {
  return digits == null ? plain(n) : number(n, digits)
}

/** A name to read for a type that nobody has told of: "HKQuantityTypeIdentifierFooBar" and "foo_bar" -> "Foo bar" */
export function nameOf(word: string): string {
  const plain = word.replace(/^HK(Quantity|Category|Data|Correlation)Type(Identifier)?/, '') || word
  const spaced = plain.replace(/([\p{Ll}\d])(?=\p{Lu})|_/gu, '$1 ').trim()
  if (!/^[\p{L}\d ]+$/u.test(spaced)) return word
  const words = spaced.split(/ +/).map((part) => (/^\p{Lu}{2}/u.test(part) ? part : part.toLowerCase())).join(' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}

/** How fast something is read: "7.4" below ten, else "74" */
export function rate(n: number): string {
  return number(n, n < 10 ? 1 : 0)
}

/** 0.904 -> "90 %" */
export function percent(share: number): string {
  return `${number(share * 100, 0)}\u00a0%`
}

/** Whole minutes of a length, as the program's own texts have them; a hair more, because minutes come from divisions. */
const wholeMinutes = (minutes: number) => Math.max(0, Math.floor(minutes + 0.5 + 1e-6))

/** Parts of the one number of a page or card, where minutes stand as on a clock: 424 -> [["7", "h"], ["04", "min"]] */
export function lengthParts(minutes: number): [string, string][] {
  const all = wholeMinutes(minutes)
  const [hours, rest] = [Math.floor(all / 60), all % 60]
  if (hours === 0) return [[count(rest), words.numbers.minutes]]
  return [
    [count(hours), words.numbers.hours],
    ...(rest === 0 ? [] : ([[String(rest).padStart(2, '0'), words.numbers.minutes]] as [string, string][])),
  ]
}

/** 424 -> "7 h 4 min", as in the program's own sentences */
export function length(minutes: number): string {
  return lengthParts(minutes)
    .map(([n, unit]) => `${n.replace(/^0(?=\d)/, '')}\u00a0${unit}`)
    .join(' ')
}

/** Minutes after midnight: 1390 -> "23:10" */
export function clock(minutes: number): string {
  // Cut as clocks do, and as the program does; a hair more, because minutes come from divisions.
  const all = ((Math.floor(minutes + 1e-6) % 1440) + 1440) % 1440
  return `${String(Math.floor(all / 60)).padStart(2, '0')}:${String(all % 60).padStart(2, '0')}`
}

/** Metres in a unit of length: 6240 -> "6.24 km" */
export function way(metres: number, unit: { symbol: string; metres: number }, digits = 2): string {
  return `${number(metres / unit.metres, digits)}\u00a0${unit.symbol}`
}

/** Kilocalories in a unit of energy: 320 -> "320 kcal" */
export function energy(kcal: number, unit: { symbol: string; kcal: number }): string {
  return `${count(kcal / unit.kcal)}\u00a0${unit.symbol}`
}

/** How fast somebody was who needed so many seconds for a kilometre: "5:32 /km" or "21.4 km/h" */
export function tempo(kind: 'pace' | 'speed', seconds: number, unit: { symbol: string; metres: number }): string {
  const each = (seconds * unit.metres) / 1000
  return kind === 'pace' ? `${pace(each)}\u00a0/${unit.symbol}` : `${number(3600 / each, 1)}\u00a0${unit.symbol}/h`
}

/** Seconds a kilometre: 332 -> "5:32" */
export function pace(seconds: number): string {
  const all = Math.round(seconds)
  return `${Math.floor(all / 60)}:${String(all % 60).padStart(2, '0')}`
}

/** "168 MB" */
export function bytes(n: number): string {
  const units = words.bytes
  const power = n < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(n) / 3))
  const size = n / 1000 ** power
  return `${number(size, power === 0 || size >= 10 ? 0 : 1)}\u00a0${units[power]}`
}

/** "1 Mar 2026" for a local day such as "2026-03-01", and for an instant by the clock of this computer; else empty. */
export function day(stamp: string | number | null): string {
  const local = /^(\d{4})-(\d\d)-(\d\d)$/.exec(String(stamp))
  if (local) return words.date(Number(local[3]), Number(local[2]) - 1, Number(local[1]))
  const date = new Date(stamp ?? Number.NaN)
  if (Number.isNaN(date.getTime())) return ''
  return words.date(date.getDate(), date.getMonth(), date.getFullYear())
}

/** "14 Nov 2026 – 20 Nov 2026"; one day is said once. */
export function span(first: string, last: string): string {
  return first === last ? day(first) : `${day(first)} \u2013 ${day(last)}`
}

/** "1 Mar 2026, 21:58" */
export function dayAndTime(stamp: string | number | null): string {
  const date = new Date(stamp ?? Number.NaN)
  if (Number.isNaN(date.getTime())) return ''
  const two = (n: number) => n.toString().padStart(2, '0')
  return `${day(stamp)}, ${two(date.getHours())}:${two(date.getMinutes())}`
}

/** "14 Mar 2026, 07:00" for "2026-03-14 07:00" */
export function local(stamp: string): string {
  const [date = '', time = ''] = stamp.split(' ')
  return `${day(date)}, ${time}`
}

/** The time on the clock halfway between two of them, to five minutes: "03:40" of a night that both stamps enclose. */
export function middle(from: string, until: string): string {
  const [first, last] = [from, until].map((stamp) => Date.parse(`${stamp.replace(' ', 'T')}Z`) / 60_000) as [number, number]
  const half = (first + last) / 2
  const fives = Math.round(half / 5) * 5
  // Of a few minutes no five is inside.
  const inside = fives > first && fives < last ? fives : Math.floor(half)
  return new Date(inside * 60_000).toISOString().slice(11, 16)
}

/** "2 s", "3 min 20 s", and from an hour on as `length`: "1 h 5 min" */
export function duration(seconds: number): string {
  const s = Math.max(0, Math.round(seconds))
  const of = (n: number, unit: string) => `${count(n)}\u00a0${unit}`
  if (s < 60) return of(s, words.seconds)
  if (s < 3600) return `${of(Math.floor(s / 60), words.numbers.minutes)} ${of(s % 60, words.seconds)}`
  const minutes = wholeMinutes(seconds / 60)
  return `${of(Math.floor(minutes / 60), words.numbers.hours)} ${of(minutes % 60, words.numbers.minutes)}`
}

/** "0.4 s" below ten seconds, else as `duration`. */
export function shortDuration(seconds: number): string {
  if (seconds < 0.1) return words.numbers.shortest
  return seconds < 10 ? `${number(seconds, 1)}\u00a0${words.seconds}` : duration(seconds)
}

/** Last part of a path. */
export function fileName(path: string): string {
  return path.split(/[\\/]/).pop() ?? path
}
