import { seconds } from '#shared/domain/time.ts'
import { isOutside } from '../logon/address.ts'

export interface Scan {
  way: 'hosts' | 'ports'
  /** The port that is tried on many hosts, or the host whose ports are tried. */
  about: string
  count: number
  inodes: string[]
}

/** Row 21: so many hosts, or so many ports, in a minute. */
export const manyHosts = 20
export const manyPorts = 100
export const windowMs = seconds(60)
/** A scan of a whole network is seen from its first hundreds. */
const maxKept = 5_000
/** Where everybody asks many strangers, and none answers while the line is down. */
const everydayPorts = new Set([53, 80, 123, 443, 853])

export interface Asking {
  address: string
  port: number
  inode: string
}

/** Doors that this machine knocks at and that don't open at once, over the last minute. */
export class ScanCount {
  readonly #asked = new Map<string, Asking & { at: number }>()

  /** @param now monotonic ms */
  take(asking: readonly Asking[], now: number): Scan | undefined {
    for (const each of asking) {
      if (everydayPorts.has(each.port) && isOutside(each.address)) continue
      const key = `${each.address} ${each.port}`
      this.#asked.delete(key)
      this.#asked.set(key, { ...each, at: now })
    }
    for (const [key, { at }] of this.#asked) {
      if (at > now - windowMs && this.#asked.size <= maxKept) break
      this.#asked.delete(key)
    }
    return this.#most('hosts', ({ port }) => `port ${port}`, manyHosts) ?? this.#most('ports', ({ address }) => address, manyPorts)
  }

  #most(way: Scan['way'], groupOf: (each: Asking) => string, many: number): Scan | undefined {
    if (this.#asked.size < many) return undefined
    const groups = Map.groupBy(this.#asked.values(), groupOf)
    for (const [about, group] of groups)
      if (group.length >= many) return { way, about, count: group.length, inodes: group.slice(-3).map(({ inode }) => inode) }
    return undefined
  }
}

/**
 * Neighbours that were asked for and are not there (proc/net/arp, flags 0): whoever goes through a network leaves them behind. Only those
 * of the last minute count, because a small table keeps each of them for ever.
 */
export class MissingNeighbours {
  #before: ReadonlySet<string> | undefined
  readonly #fresh = new Map<string, number>()

  /** @param now monotonic ms. @returns how many are newly missing. */
  take(arp: string, now: number): number {
    const rows = arp.split('\n').slice(1)
    const missing = new Set(
      rows.map((line) => line.trim().split(/\s+/)).flatMap(([address = '', , flags]) => (flags === '0x0' ? address : [])),
    )
    for (const address of missing) if (this.#before?.has(address) === false) this.#fresh.set(address, now)
    for (const [address, at] of this.#fresh) if (at <= now - windowMs) this.#fresh.delete(address)
    this.#before = missing
    return this.#fresh.size
  }
}
