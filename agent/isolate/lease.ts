import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { minutes } from '#shared/domain/time.ts'

/*
 * How long an isolation lasts where a policy says that it ends by itself. Enters: the time since the machine's start. Leaves: whether
 * it is over. Promises: never earlier than asked, whoever sets the clock: what is counted is the kernel's time since boot, which goes
 * on while this agent is dead and while the machine sleeps; the time between two boots isn't counted, for only the clock knows it.
 * On failure (no such time can be read): it doesn't pass. Threat: an intruder who sets the clock ahead to open the machine.
 */

/** Which start of the machine, and how long ago it was. */
export interface Uptime {
  boot: string
  ms: number
}

export const Lease = z.object({
  ms: z.number().nonnegative(),
  /** Of it, up to `atMs` of that boot. */
  spentMs: z.number().nonnegative(),
  boot: z.string().max(64),
  atMs: z.number().nonnegative(),
})
export type Lease = z.infer<typeof Lease>

/** So much is forgotten at most when the machine is switched off. */
const keepEveryMs = minutes(10)

export const beginLease = (ms: number, { boot, ms: atMs }: Uptime): Lease => ({ ms, spentMs: 0, boot, atMs })

/** In another boot all of its time is new. */
export function spentOf({ spentMs, boot, atMs }: Lease, now: Uptime): number {
  return spentMs + Math.max(0, boot === now.boot ? now.ms - atMs : now.ms)
}

export const isOver = (lease: Lease, now: Uptime): boolean => spentOf(lease, now) >= lease.ms

/** What should be on disk instead; undefined: what is there will do. */
export function carriedOn(lease: Lease, now: Uptime): Lease | undefined {
  if (lease.boot === now.boot && now.ms - lease.atMs < keepEveryMs) return undefined
  return { ...lease, spentMs: spentOf(lease, now), boot: now.boot, atMs: now.ms }
}

/** As Linux counts it (CLOCK_BOOTTIME): nobody can set it. Undefined where it can't be read. */
export function readUptime(): Uptime | undefined {
  try {
    const seconds = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0])
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    return Number.isFinite(seconds) && boot !== '' ? { boot, ms: Math.floor(seconds * 1_000) } : undefined
  } catch {
    return undefined
  }
}
