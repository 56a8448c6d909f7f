// Days in the palette, and which of several answers counts.
import { expect, test } from 'vitest'
import { newest } from '../newest'
import { spoken } from '../shell/spoken'

test.each([
  ['steps 2026-05', { rest: 'steps', range: '31', date: '2026-05-31' }],
  ['2024-02 heart', { rest: 'heart', range: '29', date: '2024-02-29' }],
  ['steps 2025-12', { rest: 'steps', range: '31', date: '2025-12-31' }],
  ['sleep 2026-03-14', { rest: 'sleep', range: 'day', date: '2026-03-14' }],
  ['steps may 2026', { rest: 'steps', range: '31', date: '2026-05-31' }],
  ['Steps September 2026', { rest: 'Steps', range: '30', date: '2026-09-30' }],
  ['sleep 14 mar 2026', { rest: 'sleep', range: 'day', date: '2026-03-14' }],
  ['14. March 2026', { rest: '', range: 'day', date: '2026-03-14' }],
  ['steps 5/2026', { rest: 'steps', range: '31', date: '2026-05-31' }],
  ['steps 13/2026', null],
  ['14/5/2026', null],
  ['1.5.2026', { rest: '', range: 'day', date: '2026-05-01' }],
  ['31.2.2026', null],
  ['marathon 2026', null],
  ['decibel 2026', null],
  ['steps', null],
  ['steps 2026', null],
  ['steps 2026-13', null],
  ['steps 2026-02-30', null],
  ['31 feb 2026', null],
])('%s', (text, expected) => expect(spoken(text)).toEqual(expected))

test('of several answers only that to the newest question is heard', async () => {
  const heard: string[] = []
  const ask = newest<string>(
    (found) => heard.push(found),
    (thrown) => heard.push(`no: ${String(thrown)}`),
  )
  let late: (found: string) => void = () => {}
  ask(new Promise((go) => (late = go)))
  ask(Promise.resolve('second'))
  await Promise.resolve()
  late('first')
  await new Promise((go) => setTimeout(go))
  ask(Promise.reject(new Error('third')))
  await new Promise((go) => setTimeout(go))
  expect(heard).toEqual(['second', 'no: Error: third'])
})
