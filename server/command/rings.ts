import type { NeighbourPlace } from '#shared/domain/neighbours.ts'

/*
 * Who asks whom among the machines of one site. Enters: where each stands. Leaves: three others for each, and so three who ask it.
 * Promises: on each network the machines stand in a ring in the order of their addresses, and each asks the two after it and the one
 * before: of those who ask a machine at least one is as near as anybody, wherever a network ends. An address that several have (a bridge
 * inside each of them) is nobody's. On failure: whoever stands alone is asked by nobody.
 */

export interface Standing {
  endpointId: string
  places: readonly Ordered[]
}

/** `order`: addresses of one length, which sort as numbers do: "010.000.000.007", "fd00:0000:…:0001". */
export type Ordered = NeighbourPlace & { order: string }

/** Whom each asks, by the asker's id. */
export type Rings = ReadonlyMap<string, readonly (NeighbourPlace & { endpointId: string })[]>

const most = 3
const steps = [1, -1, 2]

export async function ringsOf(machines: readonly Standing[]): Promise<Rings> {
  const asked = new Map<string, (NeighbourPlace & { endpointId: string })[]>()
  for (const ring of await ringsBySize(machines)) {
    await nextTurn()
    for (const [at, { endpointId }] of ring.entries()) {
      const theirs = asked.get(endpointId) ?? []
      for (const step of steps) {
        const other = ring[(at + step + ring.length) % ring.length]
        const isNew = other && other.endpointId !== endpointId && theirs.every((known) => known.endpointId !== other.endpointId)
        if (isNew && theirs.length < most) theirs.push({ endpointId: other.endpointId, address: other.address, mac: other.mac })
      }
      asked.set(endpointId, theirs)
    }
  }
  return asked
}

/** A ring of two thousand takes some milliseconds. */
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** The same, by who is asked. */
export function askersIn(rings: Rings): Map<string, string[]> {
  const askers = new Map<string, string[]>()
  for (const [asker, asked] of rings) for (const { endpointId } of asked) askers.set(endpointId, [...(askers.get(endpointId) ?? []), asker])
  return askers
}

type Member = Ordered & { endpointId: string }

/** The site's own network before those of a few. */
async function ringsBySize(machines: readonly Standing[]): Promise<Member[][]> {
  const owners = new Map<string, Member | undefined>()
  for (const { endpointId, places } of machines)
    for (const { address, mac, order } of places) {
      const isTaken = owners.has(order) && owners.get(order)?.endpointId !== endpointId
      owners.set(order, isTaken ? undefined : { address, mac, endpointId, order })
    }
  const own = [...owners.values()].filter((member) => member !== undefined)
  const rings = [...Map.groupBy(own, ({ order }) => networkIn(order)).values()]
  for (const ring of rings) {
    await nextTurn()
    ring.sort((one, other) => (one.order < other.order ? -1 : 1))
  }
  return rings.toSorted((one, other) => other.length - one.length)
}

/** Some microseconds each, so of many not all at once. */
export const ordered = ({ address, mac }: NeighbourPlace): Ordered => ({ address, mac, order: orderOf(address) })

function orderOf(address: string): string {
  if (!address.includes(':')) return address.split('.').map(padded[3]).join('.')
  const [head = [], tail = []] = address.toLowerCase().split('::').map(groupsOf)
  const zeros = new Array<string>(Math.max(0, 8 - head.length - tail.length)).fill('0000')
  return [...head, ...zeros, ...tail].join(':')
}

const padded = { 3: (byte: string): string => byte.padStart(3, '0'), 4: (group: string): string => group.padStart(4, '0') }
const groupsOf = (part: string): string[] => (part === '' ? [] : part.split(':').map(padded[4]))

/** Of IPv4 the first two bytes, of IPv6 a /64: no site's network is wider, and narrower ones lie side by side in it. */
export const networkOf = (address: string): string => networkIn(orderOf(address))

const networkIn = (order: string): string => order.slice(0, order.includes('.') ? '010.000'.length : '0000:0000:0000:0000'.length)
