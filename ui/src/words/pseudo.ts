// A language that nobody speaks: every text four tenths longer, so that a test finds what would be clipped. The program
// speaks it, too: charts and names are as long.

/** The same words, each with letters behind it. */
export function stretched<T>(value: T): T {
  if (typeof value === 'string') return longer(value) as T
  if (typeof value === 'function') {
    return ((...args: unknown[]) => {
      const found = (value as (...args: unknown[]) => unknown)(...args)
      return typeof found === 'string' ? longer(found) : found
    }) as T
  }
  if (Array.isArray(value)) return value.map(stretched) as T
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, key === 'numbers' || key === 'units' ? inner : stretched(inner)])) as T
  }
  return value
}

// Word by word: a text of one endless word would be clipped in any layout.
const longer = (text: string) => text.replace(/\S+/g, (word) => `${word}${'\u00eb'.repeat(Math.ceil(word.length * 0.4))}`)
