import { sentenceOf } from '#shared/domain/fault.ts'
import { minutes } from '#shared/domain/time.ts'
import type { Probe, Stop } from '../../host/probe.ts'
import type { SenseSettings, WatchContext } from '../define-detector.ts'
import { AuditWrites, auditKey } from '../writers/audit-writes.ts'
import { Trees } from '../writers/trees.ts'

/*
 * Who wrote to decoys, where only auditd can tell. Enters: the decoys' folders. Leaves: their writers, for whoever accuses. Promises:
 * rules of our own key come and go with the decoys, nobody else's are touched, and where fatrace is, which tells of every file, there
 * are none. On failure: the writer is unknown, as without auditd. Threat: an attacker who fills audit's log; only decoys are watched.
 */
export const auditPlaces = { auditLog: '/var/log/audit/audit.log', fatrace: '/usr/sbin/fatrace' }

export interface AuditedParts {
  folders: readonly string[]
  probe: Pick<Probe, 'look' | 'followFile' | 'process'>
  settings: Pick<SenseSettings, 'writers' | 'watchByAudit'>
  time: WatchContext['time']
  broken(reason: string): void
  /** The machine's own, when absent. */
  places?: { auditLog: string; fatrace: string }
}

/** auditd may be installed later. */
const looksAgainAfterMs = minutes(1)

/** Answers its end. */
export async function followAudited(parts: AuditedParts): Promise<Stop> {
  const { probe, settings, time, broken, places = auditPlaces } = parts
  const isThere = async (path: string): Promise<boolean> => (await probe.look(path).catch(() => undefined)) !== undefined
  if (!settings.writers || !settings.watchByAudit || (await isThere(places.fatrace))) return () => undefined
  let end: Stop = () => undefined
  let isOver = false
  const begin = async (): Promise<void> => {
    const started = (await isThere(places.auditLog)) ? await follow(parts) : lookAgain()
    if (isOver) started()
    else end = started
  }
  const lookAgain = (): Stop => time.after(looksAgainAfterMs, () => void begin().catch((error: unknown) => broken(sentenceOf(error))))
  await begin()
  return () => {
    isOver = true
    end()
  }
}

/** Rules and their lines, for as long as the answer isn't called. */
export async function follow(
  { folders, probe, settings: { writers, watchByAudit }, time, broken, places = auditPlaces }: AuditedParts,
  key = auditKey,
): Promise<Stop> {
  const trees = new Trees((pid) => probe.process(pid), process.pid)
  const writes = new AuditWrites(key)
  const onLine = (line: string): void => {
    const write = writes.take(line)
    if (!write) return
    const now = time.monotonic()
    // The one that encrypts a single file is gone by now; whoever started it goes on to the next.
    const tree = trees.treeOf(write.pid, now) ?? trees.treeOf(write.parentPid, now)
    for (const path of write.paths) writers?.note(path, write.pid, tree)
  }
  const endRules = await watchByAudit?.(folders, key)
  if (!endRules) return () => undefined
  const followed = await probe.followFile(places.auditLog, { onLine, onEnd: broken })
  // Where decoys are watched as well, that goes on.
  const wasFed = writers?.isFed() ?? false
  writers?.setFed(wasFed || followed.kind === 'known')
  return () => {
    writers?.setFed(wasFed)
    if (followed.kind === 'known') followed.value()
    endRules()
  }
}
