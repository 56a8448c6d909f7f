// Phones: turning it on, letting one in, how each stands, what came, and taking it back.
import { emit } from '@tauri-apps/api/event'
import { afterEach, expect, test } from 'vitest'
import addDevice from '../../../tests/fixtures/ipc/add_device.json'
import invitation from '../../../tests/fixtures/ipc/invitation.json'
import invite from '../../../tests/fixtures/ipc/invite.json'
import phonesKept from '../../../tests/fixtures/ipc/phones.json'
import type { Phones, Standing } from '../ipc'
import { words } from '../words'
import { type Page, kept, open, says, until } from './support'

let page: Page

afterEach(() => page.close())

const full = phonesKept.answer as unknown as Phones
const bare: Phones = { ...full, asking: [], devices: [], deliveries: [], turned_away: [], waiting: 0 }
const off: Phones = { ...bare, here: false, receiver: { ...bare.receiver, on: false, urls: [], since: null, wanted: false } }
const good = { reason: 'fine', ok: true, said: 'It came last 2026-04-02 14:00.', next: '' }
const kim = { ...(full.devices[0] as Phones['devices'][number]), name: 'Kim', state: 'active' as const, why: good }

const show = (answers: Parameters<typeof open>[0] = {}) => open({ ...kept, phones: () => full, ...answers }, '#/phone')
const part = (name: string) => document.querySelector(`[data-testid=${name}]`)
const said = (name: string) => part(name)?.textContent ?? ''
const press = async (text: string, within = 'main') => {
  const found = await until(() => [...document.querySelectorAll<HTMLButtonElement>(`${within} button`)].find((one) => one.textContent?.trim() === text && !one.disabled))
  found.click()
}
const inPart = (name: string) => `[data-testid=${name}]`

test('it is off until somebody turns it on, and says what that opens and who could read it', async () => {
  const asked: unknown[] = []
  page = show({ phones: () => off, receive: ({ on }) => (asked.push(on), { ...bare, here: true }) })
  await says('one port of this computer, for private networks only')
  expect([said('receiving').trim(), said('phones')]).toEqual(['Off', 'Phones: off'])
  expect(document.body.textContent).toContain('anyone who records the traffic')
  await says('Turn phone sync on first')
  await press('Turn on')
  await until(() => said('receiving').includes('Receiving'))
  expect([asked, said('phones')]).toEqual([[true], 'Phones: on'])
  expect(said('receiver')).toContain('http://127.0.0.1:8787')
})

test('why it could not be turned on is told until somebody receives', async () => {
  let answer = off
  page = show({
    phones: () => answer,
    receive: () => {
      throw { code: 'port_taken', message: 'Another program uses the port.', hint: '' }
    },
  })
  await press('Turn on')
  await says('Another program uses the port')
  answer = { ...bare, here: false }
  await emit('phones')
  await until(() => !document.body.textContent?.includes('Another program uses the port'))
})

test('the fingerprint that a phone shows can be compared here', async () => {
  page = show({ phones: () => ({ ...bare, receiver: { ...bare.receiver, urls: ['https://127.0.0.1:8787'], fingerprint: 'ab01ff' } }) })
  await until(() => said('receiver').includes('AB 01 FF'))
})

test('a phone is let in by a code, once both sides show the same digits', async () => {
  const asked: unknown[] = []
  let standing: Standing = { pairing: 1, state: 'open', wrong: 0, expires: null, guest: null, by_app: false }
  const expires = new Date(Date.now() + 599_000).toISOString()
  page = show({
    phones: () => bare,
    invite: (args) => (asked.push([args.app, args.name]), { ...invite.answer, expires }),
    invitation: () => standing,
    answer_guest: (args) => (asked.push([args.pairing, args.accept]), (standing = { ...standing, state: 'in', guest: null }), bare),
  })
  await press('Pair a phone\u2026')
  const choice = await until(() => document.querySelector<HTMLInputElement>('input[value=healthsync]'))
  choice.click()
  await press('Show the code')
  await until(() => said('code') === 'K7QX 2M9B')
  expect(document.querySelector('main img')?.getAttribute('src')).toContain('data:image/svg+xml,')
  await says('valid for 9:5')
  await says('paste the address as server and the key as token')
  standing = invitation.answer as Standing
  await emit('phones')
  await until(() => part('guest'))
  expect(document.querySelector('.digits')?.textContent).toBe(standing.guest?.number)
  await press('Accept', inPart('guest'))
  await until(() => part('is-in'))
  await press('Done')
  await until(() => part('is-in') === null)
  expect(asked).toEqual([['healthsync', null], [1, true]])
})

test('a code that is closed ends, and a dead one says why', async () => {
  const asked: unknown[] = []
  let standing: Standing = { pairing: 1, state: 'open', wrong: 2, expires: null, guest: null, by_app: false }
  page = show({ phones: () => bare, invitation: () => standing, answer_guest: ({ accept }) => (asked.push(accept), bare) })
  await press('Pair a phone\u2026')
  await press('Show the code')
  await says('2 wrong codes were typed; after five')
  await press('Cancel', inPart('pair'))
  await until(() => part('code') === null)
  expect(asked).toEqual([false])
  for (const [state, words] of [['guessed', 'somebody typed five wrong ones'], ['late', 'nobody used it in ten minutes']] as const) {
    await press('Pair a phone\u2026')
    standing = { ...standing, state }
    await press('Show the code')
    await says(words)
    await press('Cancel', inPart('pair'))
  }
  expect(asked).toEqual([false])
})

test('Escape closes the card, and its code ends', async () => {
  const asked: unknown[] = []
  const standing: Standing = { pairing: 1, state: 'open', wrong: 0, expires: null, guest: null, by_app: false }
  page = show({ phones: () => bare, invitation: () => standing, answer_guest: ({ accept }) => (asked.push(accept), bare) })
  await press('Pair a phone\u2026')
  await press('Show the code')
  await until(() => part('code'))
  document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'a', bubbles: true }))
  expect(part('code')).not.toBeNull()
  document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true, cancelable: true }))
  await until(() => part('code') === null)
  expect(asked).toEqual([false])
})

test('where both are offered an app is told both addresses and what the encrypted one takes', async () => {
  const servers = ['https://192.168.1.20:8787', 'http://192.168.1.20:8787']
  const standing: Standing = { pairing: 1, state: 'open', wrong: 0, expires: null, guest: null, by_app: false }
  const plain = { address: 'http://192.168.1.20:8787/api/hae?agg=raw', links: addDevice.answer.links }
  const both = { ...addDevice.answer, address: 'https://192.168.1.20:8787/api/hae?agg=raw', certificate: 'http://192.168.1.20:8787/pair', plain }
  page = show({ phones: () => bare, invite: () => ({ ...invite.answer, servers }), invitation: () => standing, answer_guest: () => bare, add_device: () => both })
  await press('Pair a phone\u2026')
  await press('Show the code')
  await says('Before the app sends to the encrypted address')
  for (const server of servers) expect(said('pair')).toContain(server)
  await press('Cancel', inPart('pair'))
  await press('Pair a phone\u2026')
  await press('Type it in by hand')
  await until(() => said('by-hand').includes(both.certificate))
  expect(said('by-hand')).toContain(both.address)
  expect(said('by-hand')).toContain(plain.address)
  expect(document.querySelectorAll('.link-of button').length).toBe(14)
})

test('an app that came by itself has no page that goes on', async () => {
  let standing: Standing = { pairing: 1, state: 'open', wrong: 0, expires: null, guest: null, by_app: true }
  page = show({ phones: () => bare, invitation: () => standing })
  await press('Pair a phone\u2026')
  standing = { ...standing, state: 'in' }
  await press('Show the code')
  await says('Its app goes on by itself.')
  expect(said('pair')).not.toContain('The page on the phone')
})

test('somebody who asks is told on every screen', async () => {
  const told: unknown[] = []
  let answer = bare
  page = open({ ...kept, phones: () => answer, announce: ({ title }) => told.push(title) }, '#/sources')
  await until(() => said('phones') === 'Phones: on')
  answer = { ...bare, waiting: 1, asking: [{ pairing: 3, label: 'iPhone, iOS 18', address: '192.168.1.7', number: '0417' }] }
  await until(() => {
    void emit('phones')
    return said('phones') === 'Phones: on, 1 waiting'
  })
  expect(told).toEqual(['A phone asks to be let in'])
  document.querySelector<HTMLElement>('[data-testid=phones]')?.click()
  await says('iPhone, iOS 18 at 192.168.1.7 came with the code.')
  expect(document.querySelector('.digits')?.textContent).toBe('0417')
})

test('without a camera address and key are typed in, and shown once', async () => {
  const asked: unknown[] = []
  page = show({ phones: () => bare, add_device: ({ app, name }) => (asked.push([app, name]), addDevice.answer) })
  await press('Pair a phone\u2026')
  const choice = await until(() => document.querySelector<HTMLInputElement>('input[value=health-auto-export]'))
  choice.click()
  await press('Type it in by hand')
  await says('The key is shown this once.')
  expect(asked).toEqual([['health-auto-export', 'iPhone']])
  expect(said('by-hand')).toContain('/api/hae?agg=raw')
  expect(document.querySelectorAll('.link-of button').length).toBe(7)
  await press('Done')
  await until(() => part('by-hand') === null)
})

test('a phone says why it is silent and what to do next', async () => {
  const why = { reason: 'paused', ok: false, said: 'You paused it, and what it sends waits.', next: 'Resume it, and what waits comes in.' }
  const asked: unknown[] = []
  const answer = { ...full, devices: [{ ...kim, state: 'paused' as const, why }, { ...kim, device: 2, name: 'Ada' }] }
  page = show({ phones: () => answer, set_device: (args) => (asked.push([args.device, args.standing]), { ...answer, devices: [kim] }) })
  await says(why.said)
  await says(why.next)
  expect(document.querySelectorAll('[data-testid=why]').length).toBe(1)
  await press('Resume')
  await until(() => document.querySelectorAll('[data-testid=devices] li').length === 1)
  expect(asked).toEqual([[1, 'resume']])
})

test('a phone is renamed, shut out and taken back after a question', async () => {
  const asked: unknown[] = []
  const answer = { ...full, devices: [kim] }
  page = show({
    phones: () => answer,
    brought: () => 4203,
    rename_device: ({ name }) => (asked.push(name), answer),
    set_device: ({ standing }) => (asked.push(standing), answer),
    undo_device: ({ device }) => (asked.push(device), { import: 9, removed: 4203, restored: 0, superseded: 0 }),
  })
  await press('Rename')
  const field = await until(() => document.querySelector<HTMLInputElement>('main .ask input'))
  field.value = 'Ada'
  field.dispatchEvent(new Event('input', { bubbles: true }))
  await press('Save', 'main .ask')
  await until(() => document.querySelector('main .ask') === null)
  await press('Shut out\u2026')
  await says('Its key ends at once.')
  await press('Keep', 'main .ask')
  await press('Undo all\u2026')
  await says('Take back all 4,203 records that Kim sent?')
  expect(asked).toEqual(['Ada'])
  const keep = await until(() => document.activeElement?.textContent?.trim() === words.phone.keep && document.activeElement)
  expect(keep, 'Enter twice takes nothing back').toBeInstanceOf(HTMLButtonElement)
  await press('Take it back')
  await until(() => said('undone').includes('4,203 records and other entries removed'))
  expect(asked).toEqual(['Ada', 1])
  expect(page.asked.filter((command) => command === 'imports').length).toBe(2)
})

test('what came stands there with what was wrong, and who was turned away', async () => {
  page = show()
  await until(() => document.querySelectorAll('[data-testid=activity] tbody tr').length === full.deliveries.length)
  expect(said('activity')).toContain('1 new')
  expect(said('activity')).toContain('One record: has a value that cannot be read')
  expect(said('activity')).toContain('It is not JSON. It is kept for seven days.')
  expect(said('activity')).toContain('127.0.0.1: came with a wrong or an old key')
})

test('another program that receives is shown, and cannot be turned off from here', async () => {
  page = show({ phones: () => ({ ...full, here: false }) })
  await says('Received by another program')
  const names = [...document.querySelectorAll('.page-head button')].map((one) => one.textContent?.trim())
  expect(names).toEqual([])
  await press('Pair a phone\u2026')
})

test('what hinders it is told with the next step', async () => {
  page = show({
    phones: () => off,
    receive: () => {
      throw { code: 'port_taken', message: 'Another program uses 192.168.1.20:8787.', hint: 'Choose another with --port.' }
    },
  })
  await press('Turn on')
  await says('Another program uses the port that phones were told.')
  expect(document.querySelector('main [role=alert]')?.textContent).not.toContain('--port')
  page.close()
  page = show({ phones: () => ({ ...off, trouble: { code: 'other_network', message: 'm', hint: 'h' } }) })
  await says('another network than when phones were received last')
  page.close()
  let fails = true
  page = show({
    phones: () => {
      if (fails) throw { code: 'store_damaged', message: 'm', hint: 'h' }
      return off
    },
  })
  await says('The data are damaged')
  fails = false
  await press('Try again')
  await until(() => said('receiving').trim() === 'Off')
})

test('other settings hold at once where this window receives', async () => {
  const asked: unknown[] = []
  page = show({
    phones: () => bare,
    set_setting: ({ key, to }) => (asked.push([key, to]), { ...(kept.settings?.({}) as object), [String(key)]: to }),
    receive: ({ on }) => (asked.push(on), bare),
  })
  const details = await until(() => document.querySelector<HTMLDetailsElement>('[data-testid=receiver] details'))
  details.open = true
  details.dispatchEvent(new Event('toggle'))
  const field = await until(() => document.querySelector<HTMLInputElement>('input[aria-label=Port]'))
  field.value = '9000'
  field.dispatchEvent(new Event('input', { bubbles: true }))
  field.closest('form')?.requestSubmit()
  await until(() => asked.length === 2)
  expect(asked).toEqual([['port', '9000'], true])
})

test('many things in a row are asked about once more, not once each', async () => {
  page = show({ phones: () => new Promise((go) => setTimeout(() => go(full), 20)) })
  await until(() => page.asked.includes('phones'))
  for (let i = 0; i < 20; i++) await emit('phones')
  await says('Activity')
  await until(() => page.asked.filter((command) => command === 'phones').length === 2)
})
