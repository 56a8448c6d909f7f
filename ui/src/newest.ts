// Of several questions under way only the newest is answered: what is asked earlier may come later.

/** Hears of each question; what becomes of one is told only while no newer one was asked. */
export function newest<Answer>(told: (found: Answer) => void, failed: (thrown: unknown) => void = () => {}): (question: Promise<Answer>) => void {
  let asked = 0
  return (question) => {
    const mine = ++asked
    question.then(
      (found) => mine === asked && told(found),
      (thrown) => mine === asked && failed(thrown),
    )
  }
}
