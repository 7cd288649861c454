import { basename } from 'node:path'
import { sentenceOf } from '#shared/domain/fault.ts'
import { printable } from '#shared/domain/printable.ts'
import { type Cancel, minutes, seconds } from '#shared/domain/time.ts'
import type { Probe } from '../../host/probe.ts'
import type { Happening } from '../../signal/signal.ts'
import { type AuditChange, auditChange } from '../defence/audit-changes.ts'
import { type Cleared, LogWatch } from '../defence/log-watch.ts'
import { defineDetector, type Say, type WatchContext } from '../define-detector.ts'

/*
 * security.defence.down (row 15) at once: a log that lost what was in it, looked at every five seconds by size and identity, unless rotation
 * moved or copied it (info where a program did it that rotates); audit switched off or its rules taken out, as its own log says, unless half as many at least are loaded within ten seconds. And
 * security.defence.history-cleared (low): a person's history of commands emptied, which attackers do and careful people too. On Windows by what its own log says: a log cleared (or whose
 * numbers fell back), Defender, its settings or the firewall switched off, audit taken out. The alert-rules have none for this. Threat: whoever empties a log copies it first to look like rotation, or has it
 * rotated away.
 */
const lookEveryMs = seconds(5)
const rulesComeBackWithin = seconds(10)
const auditLog = '/var/log/audit/audit.log'
const rotators = /^(?:logrotate|savelog|newsyslog|systemd-journald|rsyslogd|syslog-ng|auditd|gzip|xz)$/

export default defineDetector({
  name: 'logs-cleared',
  platforms: ['linux', 'windows'],
  async watch(probe, say, context) {
    const { time, broken, settings } = context
    if (settings.windowsEvents)
      return (await import('../windows/lost-defences.ts')).watchLostDefences(settings.windowsEvents, probe.windows, say, context)
    const watch = new LogWatch(probe)
    await watch.take(time.now())
    let next: Cancel = () => undefined
    let isStopped = false
    const look = async (): Promise<void> => {
      for (const cleared of await watch.take(time.now())) await tellCleared(cleared, say, context)
    }
    const plan = (): void => {
      if (!isStopped) next = time.after(lookEveryMs, () => void look().then(plan, (error: unknown) => broken(sentenceOf(error))))
    }
    plan()
    const audit = await followAudit(probe, say, context)
    return {
      stop: async () => {
        isStopped = true
        next()
        await audit()
      },
    }
  },
})

async function tellCleared(cleared: Cleared, say: Say, { settings, role }: WatchContext): Promise<void> {
  const tree = await settings.writers?.of([cleared.path], 0)
  const exe = tree?.top.exe ?? ''
  const isByRotator = rotators.test(basename(exe)) && exe.startsWith('/usr/')
  const { path, kind, how, bytesBefore, bytesNow } = cleared
  const isLog = kind === 'log'
  const said: Omit<Happening, 'detector'> = {
    kind: isLog ? 'security.defence.down' : 'security.defence.history-cleared',
    severity: isLog ? (isByRotator ? 'info' : severityFor(role)) : 'low',
    about: path,
    summary: printable(`${path} was ${how}, and no rotation left it beside itself`).slice(0, 500),
    facts: {
      ...{ technique: isLog ? 'T1070.002' : 'T1070.003', defence: isLog ? 'logs' : 'history', path, how, bytesBefore, bytesNow },
      ...(tree ? { process: exe, pid: tree.top.pid, startTicks: tree.top.startTicks, userId: tree.top.userId } : { process: 'unknown' }),
    },
    evidence: [{ name: 'what was started before it', text: settings.starts?.lines(20) ?? '' }],
  }
  await say(said)
}

const severityFor = (role: WatchContext['role']): 'medium' | 'high' => (role === 'workstation' ? 'medium' : 'high')

/** Answers its end. */
async function followAudit(probe: Probe, say: Say, context: WatchContext) {
  const { time, broken } = context
  let pending: { cancel: Cancel; change: AuditChange; removed: number; added: number } | undefined
  const saidAt = new Map<AuditChange['what'], number>()
  const tell = async (change: AuditChange): Promise<void> => {
    if (time.monotonic() - (saidAt.get(change.what) ?? Number.NEGATIVE_INFINITY) < minutes(10)) return
    saidAt.set(change.what, time.monotonic())
    await say(auditSaid(change, context)).catch((error: unknown) => broken(sentenceOf(error)))
  }
  const forget = (): void => {
    pending?.cancel()
    pending = undefined
  }
  /** Whoever loads rules anew takes all of them out first; one that is added for many that went is no such thing. */
  const settle = async (): Promise<void> => {
    const left = pending
    forget()
    if (left && left.added * 2 < left.removed) await tell(left.change)
  }
  const remove = (change: AuditChange): void => {
    pending ??= { change, removed: 0, added: 0, cancel: time.after(rulesComeBackWithin, () => void settle()) }
    pending.removed += 1
  }
  const onLine = (line: string): void => {
    const change = auditChange(line)
    if (change?.what === 'disabled') void tell(change)
    else if (change?.what === 'rules-removed') remove(change)
    else if (change?.what === 'rules-added' && pending) pending.added += 1
  }
  const followed = await probe.followFile(auditLog, { onLine, onEnd: broken })
  // Nobody reads of it again: the log is followed from where it ends.
  return async (): Promise<void> => {
    if (followed.kind === 'known') followed.value()
    await settle()
  }
}

function auditSaid({ what, userId, line }: AuditChange, { role, settings }: WatchContext): Omit<Happening, 'detector'> {
  return {
    kind: 'security.defence.down',
    severity: severityFor(role),
    about: 'audit',
    summary: what === 'disabled' ? 'The audit of this machine was switched off' : 'Rules of this machine’s audit were taken out',
    facts: { technique: 'T1562.012', defence: 'audit', what, userId: userId ?? null },
    evidence: [
      { name: 'the line of the audit', text: line },
      { name: 'what was started before it', text: settings.starts?.lines(20) ?? '' },
    ],
  }
}
