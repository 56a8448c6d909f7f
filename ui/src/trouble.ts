// What went wrong, in words: what it is, and what to do.
import type { AppError } from './ipc'
import { words } from './words'

/** What happened and the next step, of which there may be none. What hinders the data themselves is told as where they
 * cannot be opened at all; the rest in the words of the page, or in those of the program. */
export function told({ code, message, hint }: AppError): [string, string] {
  const trouble = words.trouble.codes[code]
  if (trouble?.text) return [`${trouble.title}.`, trouble.steps.join(' ')]
  return words.errors[code] ?? [message, hint]
}
