// Servers: none, adding one by steps, how each stands, sending now, what was refused, and what is told in the bottom line.
import { emit } from '@tauri-apps/api/event'
import { afterEach, expect, test } from 'vitest'
import serversKept from '../../../tests/fixtures/ipc/servers.json'
import type { Servers } from '../ipc'
import { words } from '../words'
import { type Page, kept, open, says, until } from './support'

let page: Page

afterEach(() => page.close())

const full = serversKept.answer as unknown as Servers
const none: Servers = { ...full, servers: [] }
const first = full.servers[0] as Servers['servers'][number]
const with_ = (row: Partial<typeof first>, outbox: Partial<typeof first.outbox> = {}): Servers => ({
  ...full,
  servers: [{ ...first, ...row, outbox: { ...first.outbox, ...outbox } }],
})

const show = (answers: Parameters<typeof open>[0] = {}) => open({ ...kept, servers: () => full, ...answers }, '#/servers')
const part = (name: string) => document.querySelector<HTMLElement>(`[data-testid=${name}]`)
const said = (name: string) => part(name)?.textContent?.trim() ?? ''
const press = async (text: string, within = 'main') => {
  const found = await until(() => [...document.querySelectorAll<HTMLButtonElement>(`${within} button`)].find((one) => one.textContent?.trim() === text && !one.disabled))
  found.click()
}
const type = async (label: string, text: string) => {
  const name = await until(() => [...document.querySelectorAll<HTMLLabelElement>('main label')].find((one) => one.textContent?.trim() === label))
  const field = document.getElementById(name.htmlFor) as HTMLInputElement
  field.value = text
  field.dispatchEvent(new Event('input', { bubbles: true }))
  return field
}

test('without a server nothing leaves, and the screen says what it is for', async () => {
  page = show({ servers: () => none })
  await says('Data go to servers that stand here, and nowhere else.')
  await until(() => said('leaves') === 'Nothing leaves this computer')
})

test('a server is added by steps, and is sent to only after the first request was seen', async () => {
  const asked: unknown[] = []
  const fresh = with_({ stands: 'new', paused: true, sent: 0, reached: null }, { waiting: 32 })
  let answer = none
  page = show({
    servers: () => answer,
    knock: ({ place }) => (asked.push(['knock', place]), { certificate: null }),
    add_server: ({ entry, name, user }) => (asked.push(['add', entry, name, user]), (answer = fresh), { ...fresh, name: 'home' }),
    choose_rows: ({ wanted }) => (asked.push(['choose', wanted]), answer),
    set_server: ({ standing }) => (asked.push([standing]), (answer = full)),
  })
  await press('Add a server\u2026')
  await type('Address', 'https://home.example')
  await type('What to call it', 'home')
  await press('Next')
  await says('Sign in to Vitalog')
  const secret = await type('Key', 'hi_KEY')
  expect(secret.type, 'nobody reads it over the shoulder').toBe('password')
  await press('Sign in')
  await says('What does it get?')
  expect(document.body.innerHTML).not.toContain('hi_KEY')
  await press('Show the first request')
  await until(() => part('preview')?.querySelector('pre')?.textContent?.includes('"record"'))
  await says('Nothing has been sent yet.')
  expect(asked.map((one) => (one as unknown[])[0])).toEqual(['knock', 'add', 'choose'])
  expect(asked[1]).toEqual(['add', { way: 'key', id: '', secret: 'hi_KEY', keep: 'keyring' }, 'home', null])
  await press('Start sending')
  await until(() => part('add') === null && said('stands') === 'Up to date')
  expect(asked[3]).toEqual(['resume'])
})

test('a certificate that nobody known has signed is believed only where somebody says so', async () => {
  const asked: unknown[] = []
  page = show({
    servers: () => none,
    knock: () => ({ certificate: 'ab01ff' }),
    add_server: ({ place }) => {
      asked.push(place)
      throw { code: 'unauthorized', message: 'm', hint: '' }
    },
  })
  await press('Add a server\u2026')
  await type('Address', 'https://home.example')
  await type('What to call it', 'home')
  await press('Next')
  await until(() => said('certificate').includes('AB 01 FF'))
  await until(() => document.activeElement?.textContent?.trim() === words.servers.distrust || document.activeElement?.tagName === 'H3')
  await press('Do not trust it')
  await says('Which kind of server is it?')
  await press('Next')
  await press('It is my server\u2019s: trust it')
  await type('Key', 'k')
  await press('Sign in')
  await until(() => asked.length === 1)
  expect(asked).toEqual([{ protocol: 'vitalog', url: 'https://home.example', certificate: 'ab01ff' }])
})

test('without a key store it is asked whether a file is to keep the secret', async () => {
  const asked: unknown[] = []
  page = show({
    servers: () => none,
    knock: () => ({ certificate: null }),
    add_server: ({ entry }) => {
      const { keep } = entry as { keep: string }
      asked.push(keep)
      throw { code: keep === 'file' ? 'remote_failed' : 'no_keyring', message: 'The server is not ready.', hint: '' }
    },
  })
  await press('Add a server\u2026')
  await type('Address', 'https://home.example')
  await type('What to call it', 'home')
  await press('Next')
  await type('Key', 'k')
  await press('Sign in')
  await until(() => part('keep'))
  const ready = () => [...document.querySelectorAll<HTMLButtonElement>('main button')].find((one) => one.textContent?.trim() === 'Sign in')
  expect(ready()?.disabled, 'a file is not chosen by itself').toBe(true)
  part('keep')?.querySelector<HTMLInputElement>('input')?.click()
  await press('Sign in')
  await says('The server is not ready.')
  expect(asked).toEqual(['keyring', 'file'])
})

test('sent, stored, accepted and refused are told apart', async () => {
  page = show({ servers: () => with_({ sent: 1240, confirms: true }, { acked: 1200, accepted: 0, refused: 2, waiting: 38 }) })
  await until(() => said('sent') === '1,240')
  expect([said('stored'), said('refused'), said('waiting'), part('accepted')]).toEqual(['1,200', '2', '38', null])
  page.close()
  page = show({ servers: () => with_({ sent: 1240, confirms: false }, { acked: 1200, accepted: 1200, refused: 0, waiting: 0 }) })
  await until(() => said('accepted') === '1,200')
  expect([part('stored'), said('all')]).toEqual([null, 'All accepted; it does not say what it stored'])
})

test('a secret that is taken no more stops it, says what to do, and is typed again', async () => {
  const asked: unknown[] = []
  let answer = with_({ stands: 'stopped', stopped: 'unauthorized' }, { waiting: 3, last_error: 'token revoked' })
  page = show({ servers: () => answer, sign_in: ({ name, entry }) => (asked.push([name, entry]), (answer = full)) })
  await says('The server does not take the secret any more.')
  await says('Details: token revoked')
  expect(said('leaves')).toBe('A server waits for you')
  await press('Type the secret again')
  await type('Key', 'hi_NEW')
  await press('Sign in')
  await until(() => part('stopped') === null && part('entry') === null)
  expect(asked).toEqual([['home', { way: 'key', id: '', secret: 'hi_NEW', keep: 'keyring' }]])
})

test('it is sent now, and that is cancelled', async () => {
  const asked: unknown[] = []
  let end: (thrown: unknown) => void = () => {}
  page = show({
    servers: () => with_({}, { waiting: 500 }),
    send_now: ({ name }) => (asked.push(name), new Promise((_, fail) => (end = fail))),
    stop_sending: ({ name }) => (asked.push(`stop ${String(name)}`), end({ code: 'cancelled', message: 'm', hint: '' })),
  })
  await press('Send now')
  await press('Cancel')
  await until(() => [...document.querySelectorAll('main button')].some((one) => one.textContent?.trim() === 'Send now'))
  expect(asked).toEqual(['home', 'stop home'])
  expect(document.querySelector('main [role=alert]'), 'to cancel is no mistake').toBe(null)
})

test('what was sent is told with what the server said', async () => {
  const pushed = { remote: 'home', selected: 5, sent: 5, accepted: 0, stored: 4, withdrawn: 0, refused: 1, waiting: 0, problems: [] }
  page = show({ send_now: () => pushed })
  await press('Send now')
  await until(() => said('done').includes('5 sent \u00b7 4 stored \u00b7 1 refused'))
})

test('rows that were refused stand there with their reason, are left out, or sent once more', async () => {
  const asked: unknown[] = []
  let answer = with_({}, { refused: 1, left_out: 0 })
  page = show({
    servers: () => answer,
    refused: () => [{ reason: 'refused', why: 'was refused by the server', said: 'unknown type', at: '2026-04-02T12:00:00.000Z', what: 'Heart rate', row: { record: 'sample', source: 'Watch' } }],
    set_server: ({ standing }) => (asked.push(standing), (answer = with_({}, { refused: 0, left_out: 1 }))),
    send_now: ({ name }) => (asked.push(name), { selected: 0, sent: 0, accepted: 0, stored: 0, withdrawn: 0, refused: 0, waiting: 0, problems: [] }),
  })
  const details = await until(() => part('refused-rows') as HTMLDetailsElement | null)
  details.open = true
  details.dispatchEvent(new Event('toggle'))
  await says('was refused by the server')
  await says('unknown type')
  expect(said('refused-rows')).toContain('Heart rate \u00b7 Watch')
  expect(said('refused-rows')).toContain('{"record":"sample","source":"Watch"}')
  await press('Leave these out')
  await says('1 left out')
  await press('Send them once more')
  await until(() => asked.length === 3)
  expect(asked).toEqual(['leave_out', 'retry', 'home'])
})

test('a server is removed after a question, and what it has stays there', async () => {
  const asked: unknown[] = []
  page = show({ set_server: ({ standing }) => (asked.push(standing), none) })
  await press('Remove\u2026')
  await says('What it has stays there.')
  const keep = await until(() => document.activeElement?.textContent?.trim() === words.phone.keep && document.activeElement)
  expect(keep, 'Enter twice removes nothing').toBeInstanceOf(HTMLButtonElement)
  await press('Remove', '[data-testid=remove]')
  await says('Data go to servers that stand here')
  expect(asked).toEqual(['remove'])
})

test('a dry run, a test and a report tell what they found', async () => {
  page = show()
  await press('Dry run')
  await until(() => said('told').endsWith('Nothing was sent.'))
  await press('Test')
  await until(() => said('told').startsWith('It is there'))
  await press('Preview')
  await until(() => part('preview')?.querySelector('pre'))
})

test('one that was added and never started goes on where it was left', async () => {
  page = show({ servers: () => with_({ stands: 'new', paused: true, sent: 0, reached: null }) })
  await says('nothing has been sent to it.')
  await until(() => said('leaves') === 'Sends nothing: every server is paused')
  await press('Go on\u2026')
  await says('What does it get?')
})

test('the bottom line tells on every screen what leaves', async () => {
  let answer = with_({ stands: 'sending' }, { waiting: 1234 })
  page = open({ ...kept, servers: () => answer }, '#/sources')
  await until(() => said('leaves') === 'Sending to one server, 1,234 waiting')
  answer = with_({ stands: 'paused', paused: true })
  await until(() => {
    void emit('servers')
    return said('leaves') === 'Sends nothing: every server is paused'
  })
})

test('what cannot be told is not told in the bottom line', async () => {
  page = show({
    servers: () => {
      throw { code: 'store_damaged', message: 'm', hint: 'h' }
    },
  })
  await says('The data are damaged')
  expect(part('leaves')).toBe(null)
})
