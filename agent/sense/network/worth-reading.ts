import { seconds } from '#shared/domain/time.ts'
import { isSameList } from './destinations.ts'

/** Listeners come seldom, and what was said is said again after an hour. */
const atLeastEveryMs = seconds(60)

/**
 * Whether the tables of sockets have to be read. The kernel walks the whole of its hash table for either, which on a machine with much
 * memory costs more than all else that the agent does; that it dialled somebody, it counts.
 */
export class WorthReading {
  #last: { dialled: number | undefined; list: readonly string[]; at: number } | undefined

  /** @param snmp text of /proc/net/snmp, both families in one. @param list is looked for at once when it is another. @param now monotonic ms */
  take(snmp: string, list: readonly string[], now: number): boolean {
    const dialled = dialledIn(snmp)
    const last = this.#last
    const isOld = !last || !isSameList(last.list, list) || now - last.at >= atLeastEveryMs
    const isWorth = isOld || dialled === undefined || dialled !== last.dialled
    if (isWorth) this.#last = { dialled, list, at: now }
    return isWorth
  }
}

/** How many connections were ever begun here (RFC 4022, tcpActiveOpens); undefined where the kernel doesn't say. */
export function dialledIn(snmp: string): number | undefined {
  const [names, values] = snmp
    .split('\n')
    .filter((line) => line.startsWith('Tcp:'))
    .map((line) => line.split(' '))
  const count = Number(values?.[names?.indexOf('ActiveOpens') ?? -1])
  return Number.isInteger(count) ? count : undefined
}
