import { z } from 'zod'
import { days, hours } from '#shared/domain/time.ts'
import type { RoleReading } from '../../host/probe.ts'
import { BoundedMap } from '../logon/bounded-map.ts'
import { isReachable, type Socket } from './sockets.ts'

/** What a workstation offers when others lean on it: the web, files, printing, databases, a desktop for many. */
const services = new Map([
  ...[80, 443, 8_080, 8_443].map((port) => [port, 'the web']),
  ...[139, 445, 2_049].map((port) => [port, 'files']),
  ...[515, 631, 9_100].map((port) => [port, 'printing']),
  ...[1_433, 1_521, 3_306, 5_432].map((port) => [port, 'a database']),
  [3_389, 'its desktop'],
] as [number, string][])

export const remembersFor = days(7)
export const manyVisitors = 3
const maxVisitors = 200
/** A machine that comes every minute is written down now and then. */
const writesEveryMs = hours(6)

export const KeptVisitors = z.array(z.object({ address: z.string().max(50), service: z.string().max(50), at: z.number() })).max(maxVisitors)
type KeptVisitors = z.infer<typeof KeptVisitors>

/**
 * Which other machines used the services of this one. A workstation that three others lean on is as good as a server (the matrix's roles).
 * Only what the system or root listens for counts, so that nobody's own program makes their machine something else.
 */
export class Visitors {
  readonly #seen = new BoundedMap<{ service: string; at: number }>(maxVisitors)
  #writtenAt = Number.NEGATIVE_INFINITY

  remember(kept: KeptVisitors): void {
    for (const { address, service, at } of kept) this.#seen.touch(address, () => ({ service, at }))
  }

  /** @returns what is to be kept over restarts, when it is time to. */
  note(sockets: readonly Socket[], now: number): KeptVisitors | undefined {
    const offered = new Set(sockets.filter(isOffered).map(({ local }) => local.port))
    let hasNew = false
    for (const { state, local, remote } of sockets) {
      const service = state === 'open' && offered.has(local.port) ? services.get(local.port) : undefined
      if (service === undefined || !isReachable(remote.address) || remote.address === local.address) continue
      hasNew ||= this.#seen.get(remote.address) === undefined
      Object.assign(
        this.#seen.touch(remote.address, () => ({ service, at: now })),
        { service, at: now },
      )
    }
    if (!hasNew && now - this.#writtenAt < writesEveryMs) return undefined
    this.#writtenAt = now
    return this.#latest(now).map(([address, { service, at }]) => ({ address, service, at }))
  }

  /** What the machine's own facts say, and what others make of it. */
  judge(reading: RoleReading, now: number): RoleReading {
    const latest = this.#latest(now)
    if (reading.role !== 'workstation' || latest.length < manyVisitors) return reading
    const offered = [...new Set(latest.map(([, { service }]) => service))].sort().join(', ')
    const reason = `${manyVisitors} or more other machines used ${offered} of it within 7 days`
    return { role: 'server', reasons: [reason, ...reading.reasons].slice(0, 20) }
  }

  #latest(now: number): [string, { service: string; at: number }][] {
    return this.#seen.entries().filter(([, { at }]) => now - at < remembersFor)
  }
}

/** Distributions give people numbers from 1000 on; below 1024 only root may listen. */
const isOffered = ({ state, local, userId }: Socket): boolean =>
  state === 'listening' && isReachable(local.address) && services.has(local.port) && (local.port < 1_024 || userId < 1_000)
