import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { pino } from 'pino'
import { v7 } from 'uuid'
import { minutes } from '#shared/domain/time.ts'
import { openSpool } from '../../agent/spool/spool.ts'
import { systemTime } from '../../agent/system-time.ts'
import { startSwarmAgent } from '../swarm/agent.ts'
import type { Pass } from '../swarm/passes.ts'
import { countIn, nameOf, openHistory, readHistory } from './history.ts'

/*
 * Run as a process of its own: many agents with the product's own wire and spools on the disk, each with its history.
 * Here it is the spool alone that promises: a signal counts as said once its append has resolved.
 */
export interface SwarmOrder {
  folder: string
  collector: string
  ca: string
  members: readonly { name: string; pass: Pass; historyFile: string }[]
  /** Signals a second, of all together. */
  rate: number
}

const order = JSON.parse(process.argv[2] ?? '') as SwarmOrder
const log = pino({ level: 'warn' }, process.stderr)
const random = Math.random

const members = await Promise.all(
  order.members.map(async ({ name, pass, historyFile }) => {
    const dir = join(order.folder, name)
    mkdirSync(dir, { recursive: true, mode: 0o700 })
    const spool = await openSpool({ dir, maxBytes: 16_777_216, time: systemTime, log })
    const { collector, ca } = order
    const { wire } = startSwarmAgent({ pass, ca, collector, spool, log, random, onConnected: () => undefined })
    return { name, spool, wire, history: openHistory(historyFile), counts: countsIn(historyFile) }
  }),
)

function countsIn(historyFile: string): { security: number; signals: number } {
  const counts = { security: 0, signals: 0 }
  for (const line of readHistory(historyFile)) {
    if (line.what === 'attempted') counts[line.about.includes('/security/') ? 'security' : 'signals'] = countIn(line.about)
  }
  return counts
}

async function say({ name, spool, history, counts }: (typeof members)[number]): Promise<void> {
  const lane = random() < 1 / 3 ? 'security' : 'signals'
  counts[lane] += 1
  const about = nameOf(name, lane, counts[lane])
  const kind = lane === 'security' ? 'security.chaos.happened' : 'chaos.happened'
  const signal = { id: v7(), kind, severity: 'info', state: 'happened', fingerprint: `${kind}:${about}`, about, summary: about } as const
  const whole = { ...signal, facts: {}, evidence: [], sensedAt: systemTime.now(), detector: 'swarm' }
  history.write({ what: 'attempted', about })
  const seq = await spool.append(lane, { v: 1, type: 'signal', signal: whole })
  const { id } = signal
  history.write({ what: 'kept', id, about, kind, epoch: spool.epoch, lane, seq }, { what: 'said', about })
}

let beats = 0
const beginsAt = performance.now()
const drum = setInterval(() => {
  for (const due = ((performance.now() - beginsAt) * order.rate) / 1_000; beats < due; beats += 1) {
    const member = members[Math.floor(random() * members.length)]
    if (member) void say(member).catch((error: unknown) => log.error({ error }, 'a spool refused'))
  }
}, 50)

async function end(): Promise<never> {
  clearInterval(drum)
  setTimeout(() => process.exit(1), minutes(1)).unref()
  await Promise.all(members.map(({ wire }) => wire.stop('stop')))
  process.exit(0)
}
createInterface({ input: process.stdin })
  .on('line', () => clearInterval(drum))
  .on('close', () => void end())
