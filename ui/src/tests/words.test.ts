import { expect, test } from 'vitest'
import problemCodes from '../../../tests/fixtures/ipc/problem_codes.json'
import { words } from '../words'

test('every problem that the reader can report has words, and no other', () => {
  expect(Object.keys(words.reasons).sort()).toEqual(problemCodes)
})
