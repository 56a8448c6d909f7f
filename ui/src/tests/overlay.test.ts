import { flushSync, mount, unmount } from 'svelte'
import { expect, test } from 'vitest'
import Overlay from '../charts/Overlay.svelte'
import type { Chart } from '../ipc'
import chart from '../../../tests/fixtures/ipc/chart.json'

test('arrow keys read the chart bucket by bucket', () => {
  const app = mount(Overlay, { target: document.body, props: { chart: chart.answer as unknown as Chart, height: 280 } })
  flushSync()
  const slider = document.querySelector('[role=slider]') as HTMLElement
  const press = (key: string) => {
    slider.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }))
    flushSync()
    return slider.getAttribute('aria-valuetext')
  }
  expect(document.querySelector('svg[role=img]')?.getAttribute('aria-label')).toBe('Heart rate')
  // A browser would show it as a tooltip, over our own read-out.
  expect(document.querySelector('svg title, [title]')).toBeNull()
  expect(press('ArrowLeft')).toBe('Sun 15 Mar 2026, bpm, Lowest 59, Highest 59, Mean 59, Readings 1')
  expect(press('Home')).toContain('Sat 14 Mar')
  expect(press('ArrowRight')).toContain('Sun 15 Mar')
  press('ArrowLeft')
  expect(document.querySelector('.tip')?.textContent).toContain('Highest 130')
  // Held, it stays when the pointer goes; let go, it goes with it.
  const leave = () => {
    slider.dispatchEvent(new PointerEvent('pointerleave'))
    flushSync()
    return document.querySelector('.tip') !== null
  }
  press(' ')
  expect(leave()).toBe(true)
  press(' ')
  expect(leave()).toBe(false)
  press('Home')
  press('Escape')
  expect(document.querySelector('.tip')).toBeNull()
  unmount(app)
})

test('a stretch that is drawn into the chart is zoomed to', () => {
  const zoomed: [number, number][] = []
  const props = { chart: chart.answer as unknown as Chart, height: 280, zoom: (from: number, to: number) => zoomed.push([from, to]) > 0 }
  const app = mount(Overlay, { target: document.body, props })
  flushSync()
  const slider = document.querySelector('[role=slider]') as HTMLElement
  slider.setPointerCapture = () => {}
  const { left, right } = chart.answer.scale
  const at = (share: number) => left + share * (right - left)
  const point = (type: string, share: number) =>
    slider.dispatchEvent(new PointerEvent(type, { clientX: at(share), button: 0, bubbles: true, pointerId: 1 }))
  point('pointerdown', 0.5)
  point('pointermove', 0.25)
  flushSync()
  expect(document.querySelector('.brush')).not.toBeNull()
  point('pointerup', 0.25)
  flushSync()
  expect(document.querySelector('.brush')).toBeNull()
  const [from, to] = zoomed[0] as [number, number]
  expect([from.toFixed(2), to.toFixed(2)]).toEqual(['0.25', '0.50'])
  // A click zooms nowhere.
  point('pointerdown', 0.5)
  point('pointerup', 0.5)
  expect(zoomed.length).toBe(1)
  slider.dispatchEvent(new KeyboardEvent('keydown', { key: '-', bubbles: true }))
  expect(zoomed[1]).toEqual([-0.25, 1.25])
  unmount(app)
})

/** What one turn of the wheel does to a chart that somebody has come to or not, looks closer at or not. */
function turn(wheel: WheelEventInit, { focused = false, pans = false, moves = true } = {}) {
  const zoomed: [number, number][] = []
  const zoom = (from: number, to: number) => zoomed.push([from, to]) > 0 && moves
  const app = mount(Overlay, { target: document.body, props: { chart: chart.answer as unknown as Chart, height: 280, zoom, pans } })
  flushSync()
  const slider = document.querySelector('[role=slider]') as HTMLElement
  if (focused) slider.focus()
  const { left, right } = chart.answer.scale
  const event = new WheelEvent('wheel', { cancelable: true, bubbles: true, ...wheel })
  // The tests' page forgets where the pointer was and which keys were held.
  const held = { clientX: (left + right) / 2, shiftKey: false, ctrlKey: false, metaKey: false, ...wheel }
  for (const [key, value] of Object.entries(held)) Object.defineProperty(event, key, { value })
  slider.dispatchEvent(event)
  unmount(app)
  return { zoomed: zoomed[0]?.map((share) => share.toFixed(2)), taken: event.defaultPrevented }
}

test('the wheel moves along or scrolls the page, and grows with Ctrl', () => {
  const check = (wheel: WheelEventInit, how: Parameters<typeof turn>[1], zoomed: string[] | undefined, taken: boolean) =>
    expect([wheel, how, turn(wheel, how)]).toEqual([wheel, how, { zoomed, taken }])
  const along = ['0.25', '1.25']
  check({ deltaY: 100 }, {}, undefined, false)
  check({ deltaY: 100 }, { focused: true }, along, true)
  check({ deltaY: 100 }, { pans: true }, along, true)
  check({ deltaY: -100 }, { pans: true }, ['-0.25', '0.75'], true)
  check({ deltaX: 100 }, {}, along, true)
  check({ deltaY: 100, shiftKey: true }, {}, along, true)
  check({ deltaY: 100, ctrlKey: true }, {}, ['-0.25', '1.25'], true)
  check({ deltaY: -100, metaKey: true }, {}, ['0.17', '0.83'], true)
  check({ deltaX: 100 }, { moves: false }, along, false)
})
