import { expect, test } from 'vitest'
import { count, day, duration, fileName } from '../format'

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
])('duration %d', (seconds, expected) => expect(duration(seconds)).toBe(expected))

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
