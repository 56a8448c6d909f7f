// The language of the window. A further one is one more file with the keys of `en.ts`.
import { en, type Words } from './en'

export type { Words }
export const words: Words = en
