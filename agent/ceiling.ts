import { type Cancel, seconds, type Time } from '#shared/domain/time.ts'

/** Three times what it holds at work, and twice what agent-health speaks of: beyond this it leaks, and takes the machine along. */
export const ceilingBytes = 300 * 1_048_576
const lookEveryMs = seconds(20)
/** A burst that is over within a minute is work, no leak. */
const looksInARow = 3

/** Resolves with the bytes that were held once they have been above the ceiling for three looks in a row. */
export function untilOverCeiling(held: () => number, time: Time): { over: Promise<number>; stop: Cancel } {
  const { promise: over, resolve } = Promise.withResolvers<number>()
  let above = 0
  let next: Cancel = () => undefined
  const plan = (): void => {
    next = time.after(lookEveryMs, () => {
      const bytes = held()
      above = bytes > ceilingBytes ? above + 1 : 0
      if (above >= looksInARow) resolve(bytes)
      else plan()
    })
  }
  plan()
  return { over, stop: () => next() }
}

/** This process as it was started, in its own place: the same number, parent and terminal, and nothing of its memory. False where the system can't. */
export function beginAnew(process: NodeJS.Process, environment: NodeJS.ProcessEnv): boolean {
  if (typeof process.execve !== 'function') return false
  process.execve(process.execPath, [process.execPath, ...process.execArgv, ...process.argv.slice(1)], environment)
  return true
}
