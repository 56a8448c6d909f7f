// The page with commands that answer as kept in tests/fixtures/ipc/, the files that the Rust side writes.
import { mockIPC } from '@tauri-apps/api/mocks'
import { flushSync, mount, unmount } from 'svelte'
import App from '../App.svelte'
import { library, reset } from '../library.svelte'
import heartRate from '../../../tests/fixtures/ipc/heart_rate.json'
import importExport from '../../../tests/fixtures/ipc/import_export.json'
import importDetail from '../../../tests/fixtures/ipc/import_detail.json'
import imports from '../../../tests/fixtures/ipc/imports.json'
import status from '../../../tests/fixtures/ipc/status.json'
import types from '../../../tests/fixtures/ipc/types.json'
import undo from '../../../tests/fixtures/ipc/undo_import.json'

type Answer = (args: Record<string, unknown>) => unknown

export const kept: Record<string, Answer> = {
  status: () => status.answer,
  types: () => types.answer,
  imports: () => imports.answer,
  import_detail: () => importDetail.answer,
  undo_import: () => undo.answer,
  import_export: () => importExport.answer,
  heart_rate: () => heartRate.answer,
  opened_with: () => null,
  cancel_import: () => null,
  choose_export: () => null,
}

export const emptyStore: Record<string, Answer> = {
  ...kept,
  status: () => ({ records: 0, types: 0, first: null, last: null }),
  types: () => [],
  imports: () => [],
}

export interface Page {
  asked: string[]
  close: () => void
}

/** Opens the page; `asked` fills with the names of the commands that it calls. */
export function open(answers: Record<string, Answer> = kept): Page {
  const asked: string[] = []
  mockIPC(
    (command, args) => {
      asked.push(command)
      return answers[command]?.(args as Record<string, unknown>)
    },
    { shouldMockEvents: true },
  )
  Object.assign(window.__TAURI_INTERNALS__ as object, {
    metadata: { currentWindow: { label: 'main' }, currentWebview: { label: 'main', windowLabel: 'main' } },
  })
  Object.assign(library, { status: null, imports: null, error: null, version: 0 })
  reset()
  document.body.innerHTML = '<div id="app"></div>'
  const app = mount(App, { target: document.body.firstElementChild as HTMLElement })
  return { asked, close: () => void unmount(app) }
}

/** Waits until the page shows what is asked for. */
export async function until<T>(look: () => T | null | undefined | false): Promise<T> {
  for (let i = 0; i < 200; i++) {
    flushSync()
    const found = look()
    if (found) return found
    await new Promise((go) => setTimeout(go, 5))
  }
  throw new Error(`waited in vain; the page says: ${document.body.textContent}`)
}

export const says = (text: string) => until(() => document.body.textContent?.includes(text))

export function click(selector: string): void {
  const element = document.querySelector<HTMLElement>(selector)
  if (!element) throw new Error(`no ${selector}`)
  element.click()
  flushSync()
}

declare global {
  interface Window {
    __TAURI_INTERNALS__: unknown
  }
}
