import { flushSync, mount, unmount } from 'svelte'
import { expect, test } from 'vitest'
import Overlay from '../charts/Overlay.svelte'
import type { Chart } from '../ipc'
import heartRate from '../../../tests/fixtures/ipc/heart_rate.json'

test('arrow keys read the chart bucket by bucket', () => {
  const app = mount(Overlay, { target: document.body, props: { chart: heartRate.answer as Chart, height: 280 } })
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
  expect(press('ArrowLeft')).toBe('Sun 1 Mar, 56–150 bpm, mean 67 · 100 readings')
  expect(press('Home')).toContain('Mon 23 Feb')
  expect(press('ArrowRight')).toContain('Tue 24 Feb')
  expect(document.querySelector('.tip')?.textContent).toContain('51–125 bpm')
  press('Escape')
  expect(document.querySelector('.tip')).toBeNull()
  unmount(app)
})
