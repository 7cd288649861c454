import { closeSync, fstatSync, openSync, readFileSync, readSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { GoodbyeReason } from '#shared/domain/endpoint.ts'
import { minutes } from '#shared/domain/time.ts'
import type { Happening } from './signal/signal.ts'

/*
 * How the last run of this agent ended. Enters: a mark that each run leaves in the data folder and takes away with its goodbye. Leaves:
 * `security.agent.tampered` where it ended without one while the machine stayed up, or was told to stop for longer than
 * a restart takes. Who did it is looked for in auditd's log. On failure (no mark can be read or written): nothing is said, because a full
 * disk is no attack. Threat: whoever wants to be unseen ends the agent first; nothing here keeps them from it, and they are told of.
 */
const Mark = z.object({
  v: z.literal(1),
  pid: z.number(),
  bootId: z.string(),
  startedAt: z.number(),
  /** Processes that the kernel had ended for lack of memory until then. */
  oomKills: z.number(),
  ended: z.object({ reason: z.union([GoodbyeReason, z.enum(['crash', 'memory'])]), at: z.number() }).optional(),
})
type Mark = z.infer<typeof Mark>

export interface LastRun {
  tampered: Happening | undefined
  /** The run before this one made way for another version. */
  wasUpdated: boolean
  /** Before the process ends; synchronous, because it may end at once. */
  end(reason: z.infer<typeof GoodbyeReason> | 'crash' | 'memory', now: number): void
}

/** Whoever restarts a service is back before this; who stopped it meant to. */
const restartTakesMs = minutes(2)
const auditLog = '/var/log/audit/audit.log'
const auditTailBytes = 1_048_576

export function openLastRun(dataDir: string, now: number, root = ''): LastRun {
  const file = join(dataDir, 'run.json')
  const before = readMark(file)
  const mark: Mark = { v: 1, pid: process.pid, bootId: bootIdOf(root), startedAt: now, oomKills: oomKillsOf(root) }
  write(file, mark)
  return {
    tampered: before && tamperedBy(before, mark, root),
    wasUpdated: before?.ended?.reason === 'update',
    end: (reason, at) => write(file, { ...mark, ended: { reason, at } }),
  }
}

function tamperedBy(before: Mark, { bootId, oomKills, startedAt }: Mark, root: string): Happening | undefined {
  const isSameBoot = before.bootId === bootId && bootId !== ''
  if (before.ended) {
    const wasStopped = before.ended.reason === 'stop' && isSameBoot && startedAt - before.ended.at > restartTakesMs
    return wasStopped
      ? said(before, 'high', 'This agent was stopped', { how: 'stopped', forMs: startedAt - before.ended.at }, '')
      : undefined
  }
  if (!isSameBoot) return undefined
  // The kernel's own hand is likelier than anybody's.
  const mayBeMemory = oomKills > before.oomKills
  const who = killerOf(before.pid, root)
  const facts = { how: 'killed', mayBeMemory, forMs: startedAt - before.startedAt }
  return said(before, mayBeMemory && who === '' ? 'medium' : 'high', 'This agent was ended without a goodbye', facts, who)
}

function said(
  before: Mark,
  severity: 'medium' | 'high',
  summary: string,
  facts: Record<string, string | number | boolean>,
  who: string,
): Happening {
  return {
    ...{
      kind: 'security.agent.tampered',
      fingerprint: 'security.agent.tampered:process',
      detector: 'last-run',
      about: 'process',
      severity,
      summary,
    },
    facts: {
      technique: 'T1562.001',
      lastPid: before.pid,
      lastStartedAt: before.startedAt,
      who: who === '' ? 'unknown' : 'in the evidence',
      ...facts,
    },
    evidence: who === '' ? [] : [{ name: 'who ended it, as the audit says', text: who }],
  }
}

/** The audit tells a signal in two records of one serial: who sent it (SYSCALL), and to whom (OBJ_PID). */
function killerOf(pid: number, root: string): string {
  const lines = tailOf(root + auditLog).split('\n')
  const serial = /msg=(audit\([\d.]+:\d+\))/.exec(
    lines.findLast((line) => line.startsWith('type=OBJ_PID') && line.includes(` opid=${pid} `)) ?? '',
  )?.[1]
  if (serial === undefined) return ''
  const caller = lines.find((line) => line.startsWith('type=SYSCALL') && line.includes(serial)) ?? ''
  return caller.replace(/\p{Cc}/gu, '�').slice(0, 1_000)
}

function tailOf(path: string): string {
  try {
    const file = openSync(path, 'r')
    try {
      const { size } = fstatSync(file)
      const bytes = Buffer.alloc(Math.min(size, auditTailBytes))
      return bytes.toString('utf8', 0, readSync(file, bytes, 0, bytes.length, Math.max(0, size - bytes.length)))
    } finally {
      closeSync(file)
    }
  } catch {
    // No auditd, or not for this user's eyes.
    return ''
  }
}

function readMark(file: string): Mark | undefined {
  try {
    return Mark.safeParse(JSON.parse(readFileSync(file, 'utf8'))).data
  } catch {
    // The first run, or a mark that was torn by a power cut.
    return undefined
  }
}

function write(file: string, mark: Mark): void {
  try {
    writeFileSync(file, JSON.stringify(mark), { mode: 0o600 })
  } catch {
    // A mark that can't be written must not look like one that was left: the run before this one ended as it said.
    rmSync(file, { force: true })
  }
}

const bootIdOf = (root: string): string => textOf(`${root}/proc/sys/kernel/random/boot_id`).trim()
const oomKillsOf = (root: string): number => Number(/^oom_kill (\d+)$/m.exec(textOf(`${root}/proc/vmstat`))?.[1] ?? 0)

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
