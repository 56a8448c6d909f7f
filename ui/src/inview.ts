// What opens below the window's edge is brought into view, all of it: its last line has the buttons.

/** Brings a part that has just opened into view; for {@attach}. */
export function inView(part: HTMLElement): void {
  part.scrollIntoView({ block: 'nearest' })
}
