// Whose turn it is to be drawn.
import { expect, test } from 'vitest'
import { inTurn } from '../charts/turns'

/** A piece of work that ends when it is told to. */
function piece(name: string, done: string[], inView: () => boolean) {
  let end = () => {}
  const ended = new Promise<void>((go) => (end = go))
  const whole = inTurn(inView, async () => {
    done.push(name)
    await ended
  })
  return { end, whole }
}

const frames = async (n: number) => {
  for (let i = 0; i < n; i++) await new Promise((go) => requestAnimationFrame(() => setTimeout(go)))
}

test('what is in view starts at once, the rest after it and one by one', async () => {
  const done: string[] = []
  const below = piece('below', done, () => false)
  const far = piece('far below', done, () => false)
  const seen = piece('seen', done, () => true)
  const too = piece('seen too', done, () => true)
  expect(done).toEqual(['seen', 'seen too'])
  await frames(3)
  seen.end()
  await frames(3)
  expect(done).toEqual(['seen', 'seen too'])
  too.end()
  await frames(3)
  expect(done).toEqual(['seen', 'seen too', 'below'])
  below.end()
  await frames(3)
  expect(done).toEqual(['seen', 'seen too', 'below', 'far below'])
  far.end()
  await Promise.all([below.whole, far.whole, seen.whole, too.whole])
})

test('what somebody scrolled to goes first', async () => {
  const done: string[] = []
  let reached = false
  const first = piece('first', done, () => false)
  const second = piece('second', done, () => reached)
  reached = true
  await frames(3)
  expect(done).toEqual(['second'])
  second.end()
  await frames(3)
  expect(done).toEqual(['second', 'first'])
  first.end()
  await Promise.all([first.whole, second.whole])
})
