// Whose turn it is: the chart before somebody's eyes comes at once, then the small ones beside it, and what nobody sees
// yet once that has been painted. A screen may have many charts, and who turns to other days waits for one of them.

/** At once, after that, or when there is time. */
export type Turn = 'first' | 'seen' | 'later'

/** Whether some of it is on the screen. */
export function isInView(element: Element): boolean {
  const { top, bottom } = element.getBoundingClientRect()
  return top < innerHeight && bottom >= 0
}

type Waiting = { turn: () => Turn; start: () => void }

let running = 0
let waiting: Waiting[] = []
let planned = false

/** Does the work when its turn has come, and ends with it. The work itself never fails. */
export async function inTurn(turn: () => Turn, work: () => Promise<void>): Promise<void> {
  const mine = turn()
  if (mine !== 'first') {
    await new Promise<void>((start) => {
      waiting.push({ turn, start })
      plan()
    })
  }
  running += 1
  try {
    await work()
  } finally {
    running -= 1
    if (mine === 'seen') next(false)
    else plan()
  }
}

/** Looks who is next when another frame is on the screen. */
function plan(): void {
  if (planned || waiting.length === 0) return
  planned = true
  requestAnimationFrame(() =>
    setTimeout(() => {
      planned = false
      next(true)
    }),
  )
}

/** One by one, so that nobody who comes first has to wait for many; what somebody scrolled to before the rest. */
function next(painted: boolean): void {
  if (running > 0) return
  const found = waiting.find(({ turn }) => turn() !== 'later') ?? (painted ? waiting[0] : undefined)
  if (found === undefined) return plan()
  waiting = waiting.filter((one) => one !== found)
  found.start()
}
