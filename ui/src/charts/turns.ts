// Whose turn it is: what is in view comes at once, the rest one after the other once that has been painted. A screen may
// have many charts, and somebody who turns to other days waits for the one before their eyes.

/** Whether some of it is on the screen. */
export function isInView(element: Element): boolean {
  const { top, bottom } = element.getBoundingClientRect()
  return top < innerHeight && bottom >= 0
}

/** Calls `then` as soon as some of the element has been on the screen. */
export const onceSeen = (then: () => void) => (element: Element) => {
  const observer = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return
    observer.disconnect()
    then()
  })
  observer.observe(element)
  return () => observer.disconnect()
}

type Waiting = { inView: () => boolean; start: () => void }

let running = 0
let waiting: Waiting[] = []
let planned = false

/** Does the work when its turn has come, and ends with it. The work itself never fails. */
export async function inTurn(inView: () => boolean, work: () => Promise<void>): Promise<void> {
  if (!inView()) await new Promise<void>((start) => line({ inView, start }))
  running += 1
  try {
    await work()
  } finally {
    running -= 1
    plan()
  }
}

function line(one: Waiting): void {
  waiting.push(one)
  plan()
}

/** Looks again when the next frame is on the screen. */
function plan(): void {
  if (planned || waiting.length === 0) return
  planned = true
  requestAnimationFrame(() =>
    setTimeout(() => {
      planned = false
      if (running === 0) next()
    }),
  )
}

/** Those that somebody scrolled to go first, all of them; else one. */
function next(): void {
  const seen = waiting.filter((one) => one.inView())
  const starting = seen.length > 0 ? seen : waiting.slice(0, 1)
  waiting = waiting.filter((one) => !starting.includes(one))
  for (const one of starting) one.start()
}
