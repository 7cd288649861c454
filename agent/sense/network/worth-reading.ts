import { seconds } from '#shared/domain/time.ts'
import { isSameList } from './destinations.ts'

/** Listeners come seldom, and what was said is said again after an hour. */
const atLeastEveryMs = seconds(60)
/** A server is dialled all the time. */
const visitedEveryMs = seconds(10)

/**
 * Whether the tables of sockets have to be read. The kernel walks the whole of its hash table for either, which on a machine with much
 * memory costs more than all else that the agent does; that it dialled somebody, or somebody it, it counts. The latter matters only where some
 * addresses are looked for: whoever opened a door for one of those, and shut it behind them, dialled nobody.
 */
export class WorthReading {
  #last: { opened: Opened | undefined; list: readonly string[]; at: number } | undefined

  /** @param snmp text of /proc/net/snmp, both families in one. @param list is looked for at once when it is another. @param now monotonic ms */
  take(snmp: string, list: readonly string[], now: number): boolean {
    const opened = openedIn(snmp)
    const last = this.#last
    const isOld = !last || !isSameList(last.list, list) || now - last.at >= atLeastEveryMs
    const isVisited = list.length > 0 && opened?.here !== last?.opened?.here && now - (last?.at ?? 0) >= visitedEveryMs
    const isWorth = isOld || opened === undefined || opened.fromHere !== last.opened?.fromHere || isVisited
    if (isWorth) this.#last = { opened, list, at: now }
    return isWorth
  }
}

/** How many connections were ever begun by this machine, and by others. */
interface Opened {
  fromHere: number
  here: number
}

/** RFC 4022: tcpActiveOpens, tcpPassiveOpens; undefined where the kernel doesn't say. */
export function openedIn(snmp: string): Opened | undefined {
  const [names, values] = snmp
    .split('\n')
    .filter((line) => line.startsWith('Tcp:'))
    .map((line) => line.split(' '))
  const [fromHere, here] = ['ActiveOpens', 'PassiveOpens'].map((name) => Number(values?.[names?.indexOf(name) ?? -1]))
  return Number.isInteger(fromHere) && Number.isInteger(here) ? { fromHere: fromHere ?? 0, here: here ?? 0 } : undefined
}
