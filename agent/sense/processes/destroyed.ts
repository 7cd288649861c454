import type { Happening } from '../../signal/signal.ts'
import type { ProcessStart } from './process-start.ts'
import { lineOf, type Starts } from './starts.ts'

/** Row 5: what took away the way back, in words. */
export function destroyed(start: ProcessStart, starts: Starts): Omit<Happening, 'detector'> {
  return {
    kind: 'security.ransomware.backups-destroyed',
    severity: 'high',
    about: start.image,
    fingerprint: 'security.ransomware.backups-destroyed',
    summary: `Snapshots or backups were deleted, or their service was stopped, by ${start.user}`,
    facts: {
      ...{ technique: 'T1490', process: start.image, pid: start.pid, parentPid: start.parentPid, parent: start.parentImage },
      ...{ user: start.user, source: start.source, sha256: start.sha256 ?? null },
    },
    evidence: [
      { name: 'the command', text: lineOf(start) },
      { name: 'what was started before it', text: starts.lines(30) },
    ],
  }
}

/** Another witness of the same start lies this far from it at most: a look each ten seconds, and a log that is written late. */
const sameWithinMs = 15_000

/** A look finds what a log has told, whatever it has become since; a log tells what something else has found, in the same words. */
export function isToldBy(starts: Starts, { pid, at, source, image, commandLine, sha256 }: ProcessStart): boolean {
  const before = starts.get(pid)
  if (!before || before.source === source || Math.abs(at - before.at) > sameWithinMs) return false
  // What a log didn't write down (Windows' 4688 has no words by default) is no other start.
  const isSame = before.commandLine === commandLine || (source === 'security' && commandLine === image && before.image === image)
  if (source !== 'sweep' && !isSame) return false
  if (sha256 !== undefined) before.sha256 ??= sha256
  return true
}
