import { type Cancel, seconds, type Time } from '#shared/domain/time.ts'
import type { Probe } from '../../host/probe.ts'
import type { ProcessFacts } from '../../host/process-facts.ts'

/** What ends within a second may be missed; listing more often would cost more than it finds. */
export const sweepEveryMs = seconds(1)
/** Who restores a process with a number of its choice (root) leaves the last one as it was. */
const listAtLeastEveryMs = seconds(10)

/**
 * Looks once a second which processes are there, and reads those that weren't. Of a number that was given again within that second
 * nothing is said. The first look tells nothing: what runs already didn't begin now. While no number is given to anybody nothing is listed.
 */
export function sweepProcesses(
  probe: Pick<Probe, 'pids' | 'lastBorn' | 'process'>,
  time: Time,
  onStart: (facts: ProcessFacts) => void,
  broken: (error: unknown) => void,
): () => void {
  let known: ReadonlySet<number> = new Set(probe.pids())
  let listed = { lastBorn: undefined as number | undefined, at: time.monotonic() }
  let cancel: Cancel = () => undefined
  const list = (): void => {
    const now = new Set(probe.pids())
    for (const pid of now) {
      const facts = known.has(pid) ? undefined : probe.process(pid)
      // A kernel's thread is nobody's program.
      if (facts && facts.parent !== 2) onStart(facts)
    }
    known = now
  }
  const look = (): void => {
    try {
      // Asked before the list is made: who is born in between is in neither or makes it be made again.
      const lastBorn = probe.lastBorn()
      const isSame = lastBorn !== undefined && lastBorn === listed.lastBorn && time.monotonic() - listed.at < listAtLeastEveryMs
      if (!isSame) {
        listed = { lastBorn, at: time.monotonic() }
        list()
      }
      cancel = time.after(sweepEveryMs, look)
    } catch (error) {
      broken(error)
    }
  }
  cancel = time.after(sweepEveryMs, look)
  return () => cancel()
}
