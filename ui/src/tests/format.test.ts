import { expect, test } from 'vitest'
import { bytes, clock, count, day, duration, fileName, length, lengthParts, middle, nameOf, number, pace, percent, plain, span, tempo, way } from '../format'

test.each([
  [0, '0'],
  [999, '999'],
  [1000, '1,000'],
  [4741049, '4,741,049'],
])('count %d', (n, expected) => expect(count(n)).toBe(expected))

test.each([
  [-1, '0 s'],
  [2.4, '2 s'],
  [200, '3 min 20 s'],
  [3900, '1 h 5 min'],
])('duration %d', (seconds, expected) => expect(duration(seconds).replaceAll('\u00a0', ' ')).toBe(expected))

test('days', () => {
  expect(day('2026-03-01T12:00:00Z')).toBe('1 Mar 2026')
  expect(day('2026-03-01')).toBe('1 Mar 2026')
  expect(day(null)).toBe('')
  expect(day('yesterday')).toBe('')
})

test('the last part of a path', () => {
  expect(fileName('/somewhere/ada/my export.zip')).toBe('my export.zip')
  expect(fileName('C:\\Users\\Ada\\export.zip')).toBe('export.zip')
})

test.each([
  [8213.6, 0, '8,214'],
  [-0.25, 1, '\u22120.3'],
  [-0.01, 1, '0.0'],
  [71.449, 2, '71.45'],
])('number %d with %d digits', (n, digits, expected) => expect(number(n, digits)).toBe(expected))

test('numbers have the digits that they deserve', () => {
  expect([0.123, 12.34, 1234.5, 7].map(plain)).toEqual(['0.12', '12.3', '1,235', '7'])
  expect(percent(0.904)).toBe('90\u00a0%')
  expect([0, 999, 168_000_000, 4_800_000].map(bytes)).toEqual(['0\u00a0B', '999\u00a0B', '168\u00a0MB', '4.8\u00a0MB'])
})

test('lengths and times of day', () => {
  expect([0, 45, 60, 432, 483.6].map(length)).toEqual(['0\u00a0min', '45\u00a0min', '1\u00a0h', '7\u00a0h 12\u00a0min', '8\u00a0h 4\u00a0min'])
  expect(lengthParts(484)).toEqual([
    ['8', 'h'],
    ['04', 'min'],
  ])
  expect([0, 1390, 1390.9, 1440, -10].map(clock)).toEqual(['00:00', '23:10', '23:10', '00:00', '23:50'])
  expect(pace(332)).toBe('5:32')
  const mile = { symbol: 'mi', metres: 1609.344 }
  expect(way(6240, { symbol: 'km', metres: 1000 })).toBe('6.24\u00a0km')
  expect([tempo('pace', 300, mile), tempo('speed', 300, mile)]).toEqual(['8:03\u00a0/mi', '7.5\u00a0mi/h'])
  expect(span('2026-03-01', '2026-03-01')).toBe('1 Mar 2026')
  expect(span('2026-02-23', '2026-03-01')).toBe('23 Feb 2026 \u2013 1 Mar 2026')
})

test.each([
  ['HKQuantityTypeIdentifierFooBar', 'Foo bar'],
  ['HKCategoryTypeIdentifierHiccups', 'Hiccups'],
  ['foo_bar', 'Foo bar'],
  ['heart_rate_variability_sdnn', 'Heart rate variability sdnn'],
  ['com.example.thing', 'com.example.thing'],
  ['', ''],
])('nameOf %s', (word, expected) => expect(nameOf(word)).toBe(expected))

// The program's own texts round the same way: crates/chart/src/number.rs.
test.each([
  [479.4, '7 h 59 min'],
  [479.5, '8 h'],
  [479.4999999999, '8 h'],
  [479.7, '8 h'],
  [59.6, '1 h'],
  [64.2, '1 h 4 min'],
])('a length of %d minutes', (minutes, expected) => {
  expect(length(minutes).replaceAll('\u00a0', ' ')).toBe(expected)
  if (minutes >= 60) expect(duration(minutes * 60).replaceAll('\u00a0', ' ').replace(' 0 min', '')).toBe(expected)
})

test.each([
  ['2026-03-14 22:10', '2026-03-15 05:45', '02:00'],
  ['2026-03-14 13:00', '2026-03-14 13:45', '13:25'],
  ['2026-03-14 13:01', '2026-03-14 13:04', '13:02'],
])('the middle of %s and %s', (from, until, expected) => expect(middle(from, until)).toBe(expected))
