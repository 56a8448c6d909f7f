// What went wrong, in words: what it is, and what to do.
import type { AppError } from './ipc'
import { words } from './words'

/** A next step without the sentences that are about the command line: nobody types them into a window. */
export const here = (hint: string) =>
  hint
    .split(/(?<=[.!?]) (?=[\p{Lu}`])/u)
    .filter((sentence) => !sentence.includes('`vitalog '))
    .join(' ')

/** What happened and the next step, of which there may be none. What hinders the data themselves is told as where they
 * cannot be opened at all; the rest in the words of the page, or in those of the program. */
export function told({ code, message, hint }: AppError): [string, string] {
  const trouble = words.trouble.codes[code]
  if (trouble?.text) return [`${trouble.title}.`, trouble.steps.join(' ')]
  return words.errors[code] ?? [message, here(hint)]
}
