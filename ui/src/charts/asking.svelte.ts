// Asks for a chart: one question at a time, and where several come meanwhile only the newest.
import * as ipc from '../ipc'
import { inTurn, type Turn } from './turns'

export class Asking {
  chart = $state<ipc.Chart | null>(null)
  error = $state<ipc.AppError | null>(null)
  #next: ipc.ChartQuestion | null = null
  #busy = false
  readonly #turn: () => Turn

  constructor(turn: () => Turn) {
    this.#turn = turn
  }

  /** The chart that was there stays until the next one is. */
  ask(question: ipc.ChartQuestion): void {
    this.#next = question
    if (!this.#busy) void this.#work()
  }

  /** Whoever wanted it is gone. */
  stop(): void {
    this.#next = null
  }

  async #work(): Promise<void> {
    this.#busy = true
    while (this.#next !== null) await inTurn(this.#turn, () => this.#answer())
    this.#busy = false
  }

  async #answer(): Promise<void> {
    const question = this.#next
    this.#next = null
    if (question === null) return
    try {
      this.chart = await ipc.chart(question)
      this.error = null
    } catch (thrown) {
      this.error = ipc.asError(thrown)
    }
  }
}
