// What Vitalog is built from, and under which licences: made by scripts/licences.py. It is loaded when somebody looks.

export interface Package {
  name: string
  version: string
  licence: string
  /** Of each licence whose work it is, and the number of its text. */
  terms: [string, number][]
}

export interface Licences {
  packages: Package[]
  texts: { licence: string; text: string }[]
}

/** How many are listed at first. */
export const FIRST = 25

export async function licences(): Promise<Licences> {
  const { packages, texts } = await import('../../../../packaging/licences.json')
  return { packages: packages as unknown as Package[], texts }
}

/** Packages whose name or licence has the words in it. */
export function matching(packages: Package[], query: string): Package[] {
  const wanted = query.trim().toLowerCase()
  return packages.filter(({ name, licence }) => `${name} ${licence}`.toLowerCase().includes(wanted))
}
