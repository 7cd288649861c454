import { sentenceOf } from '#shared/domain/fault.ts'
import { printable } from '#shared/domain/printable.ts'
import { hours } from '#shared/domain/time.ts'
import type { Say, WatchContext } from '../define-detector.ts'

/** Guessing one second of a day takes thousands of tries; after so many nobody is halted on such a line's word. */
const maxForged = 20
const doubtsFor = hours(1)

/** Lines that somebody made up: said once an hour, and after too many of them the agent halts nobody for an hour. */
export function createDoubt(say: Say, { time, broken }: Pick<WatchContext, 'time' | 'broken'>) {
  let forged = 0
  let beganAt = Number.NEGATIVE_INFINITY
  return {
    mayHalt: (): boolean => forged <= maxForged || time.monotonic() - beganAt >= doubtsFor,
    note(line: string, after: string): void {
      const now = time.monotonic()
      if (now - beganAt < doubtsFor) {
        forged += 1
        return
      }
      beganAt = now
      forged = 1
      say(said(line, after)).catch((error: unknown) => broken(sentenceOf(error)))
    },
  }
}

const said = (line: string, after: string): Parameters<Say>[0] => ({
  kind: 'security.evidence.forged',
  severity: 'high',
  about: 'file events',
  summary: 'Somebody made up what a process did to a file, by a line break in a name',
  facts: { technique: 'T1036' },
  evidence: [
    { name: 'the line that was made up', text: printable(line).slice(0, 4_000) },
    { name: 'the line before it, which names who did it', text: printable(after).slice(0, 4_000) },
  ],
})
