export type PromiseState = 'kept' | 'running' | 'broken' | 'none'

/** How one promise stands. @param clock.isOver the ticket is resolved: what has not been met by then never had to be. */
export function promiseOf(clock: { by: number | null; metAt: number | null; isOver: boolean }, now: number): PromiseState {
  const { by, metAt, isOver } = clock
  if (by === null) return 'none'
  if (metAt !== null) return metAt <= by ? 'kept' : 'broken'
  if (now > by) return isOver ? 'none' : 'broken'
  return isOver ? 'kept' : 'running'
}
