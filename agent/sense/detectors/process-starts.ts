import { sentenceOf } from '#shared/domain/fault.ts'
import type { Time } from '#shared/domain/time.ts'
import type { Probe } from '../../host/probe.ts'
import { defineDetector, type WatchContext } from '../define-detector.ts'
import { AuditJoiner } from '../processes/audit-joiner.ts'
import { isDestroyingBackups } from '../processes/backups-destroyed.ts'
import { destroyed, isToldBy } from '../processes/destroyed.ts'
import { type ProcessStart, readUsers, startOf } from '../processes/process-start.ts'
import { Starts } from '../processes/starts.ts'
import { sweepProcesses } from '../processes/sweep.ts'

/*
 * Which programs start: from auditd's log where it tells of execve, and from a look at /proc each second anyway, which reads new processes only
 * and misses what ends sooner; a log may be there whose rules tell of no execve, or of one user's. What both saw is told once. The hash of what runs follows a moment later, as far as it lives so long. Kept as a ring for evidence; Sigma's rules listen. On Windows from Sysmon's event 1, which has the hash, and from 4688 of the Security log. security.ransomware.backups-destroyed (row 5): snapshots
 * or backups deleted, their services stopped, by anything but the programs that keep them. The alert-rules have none for this.
 * Threat: names and arguments are their owners' choice, so they are compared and shown, masked and printable, and never run.
 */
const auditLog = '/var/log/audit/audit.log'
const maxPasswdBytes = 1_048_576
const hashWithinMs = 100

export default defineDetector({
  name: 'process-starts',
  platforms: ['linux', 'windows'],
  async watch(probe, say, context) {
    const { time, settings, broken } = context
    const starts = settings.starts ?? new Starts()
    if (settings.windowsEvents) return (await import('../windows/starts.ts')).watchStarts(settings.windowsEvents, starts, say, context)
    const userOf = readUsers((await probe.read('/etc/passwd', maxPasswdBytes))?.toString('utf8') ?? '')
    const told = (start: ProcessStart): void => {
      if (isToldBy(starts, start)) return
      starts.add(start)
      const hashed = learnHash(start, probe, time)
      if (isDestroyingBackups(start)) hashed.then(() => say(destroyed(start, starts))).catch((error: unknown) => broken(sentenceOf(error)))
    }
    const audit = await followAudit(probe, context, new AuditJoiner(userOf), told)
    context.log.info(
      { auditd: audit !== undefined && (await probe.look(auditLog).catch(() => undefined)) !== undefined },
      'programs that start are looked for once a second; what ends sooner only auditd can tell',
    )
    const onStart = (facts: Parameters<typeof startOf>[0]): void =>
      told(startOf(facts, { at: time.now(), parent: probe.process(facts.parent), userOf }))
    const stop = sweepProcesses(probe, time, onStart, (error) => broken(sentenceOf(error)))
    return {
      async stop() {
        stop()
        audit?.()
      },
    }
  },
})

/** Never rejects. Resolves when it is known, or an attack can't wait for it any longer; it may still come into the ring after that. */
async function learnHash(start: ProcessStart, probe: Probe, time: Time): Promise<void> {
  const { promise: isLate, resolve } = Promise.withResolvers<void>()
  const cancel = time.after(hashWithinMs, resolve)
  const learnt = async (): Promise<void> => {
    const sha256 = await probe.images.of(start.pid)
    if (sha256 !== undefined) start.sha256 = sha256
  }
  // A start whose hash can't be had is a start all the same.
  await Promise.race([learnt().catch(() => undefined), isLate]).finally(cancel)
}

/** Also one that is written only later; undefined where this user may not read it. */
async function followAudit(probe: Probe, context: WatchContext, joiner: AuditJoiner, told: (start: ProcessStart) => void) {
  const onLine = (line: string): void => {
    const start = joiner.take(line)
    if (!start) return
    const parent = probe.process(start.parentPid)
    told({ ...start, parentImage: parent?.exe ?? '', parentCommandLine: parent?.commandLine ?? '' })
  }
  const followed = await probe.followFile(auditLog, { onLine, onEnd: (reason) => context.broken(reason) })
  return followed.kind === 'known' ? followed.value : undefined
}
