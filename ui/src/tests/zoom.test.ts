import { expect, test } from 'vitest'
import { isZoomed, partOf, wayOf, written } from '../charts/zoom'
import type { Chart } from '../ipc'

const HOUR = 3_600_000
const day = (from = 0, to = 24 * HOUR) =>
  ({ whole: { from: 0, to: 24 * HOUR, least: HOUR / 6 }, scale: { x0: from, x1: to }, firstDay: '2026-03-14', lastDay: '2026-03-14' }) as Chart
const week = { scale: { x0: 0, x1: 1 }, firstDay: '2026-03-08', lastDay: '2026-03-14' } as Chart
const part = (from: number, to: number) => ({ part: [from * HOUR, to * HOUR] })

test.each([
  ['a stretch that is drawn', day(), 0.25, 0.5, part(6, 12)],
  ['a stretch in a part', day(6 * HOUR, 12 * HOUR), 0.5, 1, part(9, 12)],
  ['a part that is moved along', day(6 * HOUR, 12 * HOUR), 0.5, 1.5, part(9, 15)],
  ['a part that is moved to the end', day(6 * HOUR, 12 * HOUR), 3, 4, part(18, 24)],
  ['a part that is moved to the start', day(6 * HOUR, 12 * HOUR), -3, -2, part(0, 6)],
  ['no less than the least', day(6 * HOUR, 12 * HOUR), 0, 0.001, part(6, 6 + 1 / 6)],
  ['more than all of it', day(6 * HOUR, 12 * HOUR), -3, 4, { part: null }],
  ['the day before', day(), -0.25, 0.75, { by: -1 }],
  ['the day after', day(), 0.25, 1.25, { by: 1 }],
  ['no way', day(), 0, 1, null],
  ['more than the day', day(), -0.5, 1.5, { days: { first: '2026-03-14', last: '2026-03-14', from: -0.5, to: 1.5 } }],
  ['days, where there are no parts', week, 0.2, 0.5, { days: { first: '2026-03-08', last: '2026-03-14', from: 0.2, to: 0.5 } }],
])('%s', (_, chart, from, to, expected) => {
  expect(wayOf(chart, from, to)).toEqual(expected)
})

test.each([
  ['1..2', [1, 2]],
  ['-20..10', [-20, 10]],
  ['2..1', null],
  ['1..', null],
  ['1..2..3', null],
  ['1.5..2', null],
  ['', null],
  [undefined, null],
  [`1..${'9'.repeat(16)}`, null],
])('the part %s of an address', (text, expected) => {
  expect(partOf(text)).toEqual(expected)
})

test('a part is written in whole milliseconds', () => {
  expect(written([1.4, 2.6])).toBe('1..3')
})

test('a drag moves along as soon as less than a named range is shown', () => {
  const zoomed = [isZoomed(week, 'week'), isZoomed(week, 'all'), isZoomed(day(), 'day'), isZoomed(day(HOUR, 2 * HOUR), 'day'), isZoomed(week, '12')]
  expect(zoomed).toEqual([false, false, false, true, true])
})
