// Whose turn it is to be drawn.
import { expect, test } from 'vitest'
import { inTurn, type Turn } from '../charts/turns'

/** A piece of work that ends when it is told to. */
function piece(name: string, done: string[], turn: () => Turn) {
  let end = () => {}
  const ended = new Promise<void>((go) => (end = go))
  const whole = inTurn(turn, async () => {
    done.push(name)
    await ended
  })
  return { end, whole }
}

const frames = async (n: number) => {
  for (let i = 0; i < n; i++) await new Promise((go) => requestAnimationFrame(() => setTimeout(go)))
}

test('one chart comes at once, then what is seen beside it, then the rest, one by one', async () => {
  const done: string[] = []
  const pieces = [
    piece('below', done, () => 'later'),
    piece('beside', done, () => 'seen'),
    piece('chart', done, () => 'first'),
    piece('beside too', done, () => 'seen'),
    piece('far below', done, () => 'later'),
  ]
  expect(done).toEqual(['chart'])
  for (const [name, after] of [
    ['chart', ['chart', 'beside']],
    ['beside', ['chart', 'beside', 'beside too']],
    ['beside too', ['chart', 'beside', 'beside too', 'below']],
    ['below', ['chart', 'beside', 'beside too', 'below', 'far below']],
  ] as const) {
    await frames(3)
    expect(done.at(-1)).toBe(name)
    pieces.find((_, i) => ['below', 'beside', 'chart', 'beside too', 'far below'][i] === name)!.end()
    await frames(3)
    expect(done).toEqual(after)
  }
  for (const one of pieces) one.end()
  await Promise.all(pieces.map(({ whole }) => whole))
})

test('what somebody scrolled to goes before what waited longer', async () => {
  const done: string[] = []
  let reached = false
  const first = piece('first', done, () => 'later')
  const second = piece('second', done, () => (reached ? 'seen' : 'later'))
  reached = true
  await frames(3)
  expect(done).toEqual(['second'])
  second.end()
  await frames(3)
  expect(done).toEqual(['second', 'first'])
  first.end()
  await Promise.all([first.whole, second.whole])
})
