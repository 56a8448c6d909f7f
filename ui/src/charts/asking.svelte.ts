// Asks for a chart: one question at a time, and where several come meanwhile only the newest.
import * as ipc from '../ipc'

export class Asking {
  chart = $state<ipc.Chart | null>(null)
  error = $state<ipc.AppError | null>(null)
  #next: ipc.ChartQuestion | null = null
  #busy = false

  /** The chart that was there stays until the next one is. */
  ask(question: ipc.ChartQuestion): void {
    this.#next = question
    if (!this.#busy) void this.#work()
  }

  async #work(): Promise<void> {
    this.#busy = true
    for (let question = this.#take(); question !== null; question = this.#take()) {
      try {
        this.chart = await ipc.chart(question)
        this.error = null
      } catch (thrown) {
        this.error = ipc.asError(thrown)
      }
    }
    this.#busy = false
  }

  #take(): ipc.ChartQuestion | null {
    const question = this.#next
    this.#next = null
    return question
  }
}
