import type { Happening } from './history.ts'

/** By their instants; of one instant in their turns, and what left no trace of its turn where it matters least (pure). */
export const inTheirOrder = (happenings: readonly Happening[]): Happening[] =>
  [...Map.groupBy(happenings, ({ at }) => at)].toSorted(([a], [b]) => a - b).flatMap(([, together]) => inTurn(together))

function inTurn(together: readonly Happening[]): Happening[] {
  const known = together.filter(({ turn }) => turn !== '').toSorted((a, b) => (a.turn < b.turn ? -1 : 1))
  const traceless = together.filter(({ turn }) => turn === '').toSorted((a, b) => usual[a.kind] - usual[b.kind])
  return traceless.reduce((ordered, happening) => {
    const place = ordered.findIndex(({ kind }) => usual[kind] > usual[happening.kind])
    return ordered.toSpliced(place === -1 ? ordered.length : place, 0, happening)
  }, known)
}

/** Timers fire on what was there before, and people act on what they see. */
const usual: Record<Happening['kind'], number> = { timers: 0, signals: 1, written: 2 }
