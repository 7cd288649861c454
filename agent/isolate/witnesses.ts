import { closeSync, createReadStream, openSync, readSync } from 'node:fs'
import { checkAddress, isLoopback } from './address.ts'
import type { Place } from './knock.ts'

/*
 * Whom to ask before the drop, so that their silence afterwards proves something. Enters: the kernel's own lists of
 * connections and neighbours. Leaves: a few places that are likely to answer at once. Promises: addresses come from the
 * kernel's numbers, never from text somebody else wrote. On failure: an empty list, and the proof says so.
 */

/** More would only be more packets: one answer is enough. */
const maxWitnesses = 8
/** Discard (RFC 863): closed nearly everywhere, so that a neighbour answers "port unreachable". */
const discardPort = 9
const established = '01'
/** Ports above belong to whoever dialled (the kernel's default range), so nobody listens there. */
const firstEphemeralPort = 32_768

/** The kernel walks its whole table for a list of connections, some 5 ms each, so they are read beside one another. */
export async function findWitnesses(): Promise<Place[]> {
  const [tcp = '', tcp6 = '', arp = ''] = await Promise.all(['/proc/net/tcp', '/proc/net/tcp6', '/proc/net/arp'].map(readBeginning))
  return distinct([...peersIn(tcp), ...peersIn(tcp6), ...neighboursIn(arp)])
    .filter(({ address }) => !isLoopback(address))
    .slice(0, maxWitnesses)
}

/**
 * Whom to ask every few seconds: who expects nothing at that port, and so counts no broken connection against us. The gateways first,
 * for they are there when nobody else is.
 */
export async function findQuietPlaces(): Promise<Place[]> {
  // Asked all day long: the kernel writes these few lines sooner than a stream of them is made.
  const [route = '', route6 = '', arp = ''] = ['route', 'ipv6_route', 'arp'].map((table) => readBeginningNow(`/proc/net/${table}`))
  return distinct([...gatewaysIn(route), ...gateways6In(route6), ...neighboursIn(arp)])
}

/** As a policy names it; nobody where that is no address. */
export function outsideOf(said: string | null): Place[] {
  const [, host = '', port = ''] = /^\[?([^\]]*)\]?:([0-9]+)$/.exec(said ?? '') ?? []
  const checked = checkAddress({ address: host, port: Number(port) })
  return checked ? [{ protocol: 'tcp', address: checked.address, port: checked.port }] : []
}

/** Default gateways, from the text of /proc/net/route. */
export function gatewaysIn(table: string): Place[] {
  return table
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter(([, destination, gateway = '']) => destination === '00000000' && /^[0-9A-F]{8}$/.test(gateway) && gateway !== '00000000')
    .flatMap(([, , gateway = '']) => placeOf(`${gateway}:0009`))
    .map((place) => ({ ...place, protocol: 'udp', port: discardPort }))
}

/** Default gateways, from the text of /proc/net/ipv6_route: most have an address of their link alone, which its device belongs to. */
export function gateways6In(table: string): Place[] {
  return table
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(
      ([destination = '', bits, , , gateway = '']) =>
        /^0{32}$/.test(destination) && bits === '00' && /^(?!0{32})[0-9a-f]{32}$/.test(gateway),
    )
    .filter(([, , , , , , , , , device = '']) => /^[A-Za-z0-9_.@-]{1,15}$/.test(device))
    .map(([, , , , gateway = '', , , , , device = '']) => {
      const address = addressOf([...Buffer.from(gateway, 'hex')])
      return { protocol: 'udp', address: address.startsWith('fe80:') ? `${address}%${device}` : address, port: discardPort }
    })
}

/** Remote ends of established connections that this machine dialled, from the text of /proc/net/tcp or tcp6. */
export function peersIn(table: string): Place[] {
  return table
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((columns) => columns[3] === established)
    .flatMap((columns) => placeOf(columns[2] ?? ''))
    .filter(({ port }) => port < firstEphemeralPort)
}

/** Neighbours with a complete entry, from the text of /proc/net/arp. */
export function neighboursIn(table: string): Place[] {
  return table
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((columns) => /^0x[0-9a-f]*[2367abef]$/.test(columns[2] ?? '') && /^[0-9.]+$/.test(columns[0] ?? ''))
    .map((columns) => ({ protocol: 'udp', address: columns[0] ?? '', port: discardPort }))
}

/** The hardware that the kernel has found at this IPv4 address, from the text of /proc/net/arp. */
export function hardwareIn(table: string, address: string): string | undefined {
  const rows = table.split('\n').map((line) => line.trim().split(/\s+/))
  const mac = rows.find((columns) => columns[0] === address)?.[3]
  return mac === '00:00:00:00:00:00' ? undefined : mac?.toLowerCase()
}

/** `0200090A:01BD` → 10.9.0.2:445: words of four bytes, each little-endian, then the port. */
function placeOf(hexadecimal: string): Place[] {
  const [host = '', port = ''] = hexadecimal.split(':')
  const bytes = (host.match(/.{8}/g) ?? []).flatMap((word) => [...Buffer.from(word, 'hex')].reverse())
  if (bytes.length !== 4 && bytes.length !== 16) return []
  return [{ protocol: 'tcp', address: addressOf(bytes), port: Number.parseInt(port, 16) }]
}

function addressOf(bytes: number[]): string {
  const isMapped = bytes.length === 16 && bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255 && bytes[11] === 255
  if (bytes.length === 4) return bytes.join('.')
  if (isMapped) return bytes.slice(12).join('.')
  const groups = Array.from({ length: 8 }, (_, at) => (((bytes[2 * at] ?? 0) << 8) | (bytes[2 * at + 1] ?? 0)).toString(16))
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1)
}

function distinct(places: Place[]): Place[] {
  return [...new Map(places.map((place) => [`${place.protocol} ${place.address} ${place.port}`, place])).values()]
}

/** A busy server has a hundred thousand connections; the first 400 of them have witnesses enough. */
const maxBytes = 65_536

/** As `readBeginning`; of what the kernel writes at once. */
function readBeginningNow(file: string): string {
  try {
    const opened = openSync(file, 'r')
    try {
      const bytes = Buffer.allocUnsafe(maxBytes)
      let length = 0
      for (let read = -1; read !== 0 && length < maxBytes; length += read) read = readSync(opened, bytes, length, maxBytes - length, null)
      return bytes.subarray(0, length).toString('latin1')
    } finally {
      closeSync(opened)
    }
  } catch {
    return ''
  }
}

/** What can't be read is no list at all. */
export async function readBeginning(file: string): Promise<string> {
  const chunks: Buffer[] = []
  try {
    for await (const chunk of createReadStream(file, { end: maxBytes - 1 })) chunks.push(chunk as Buffer)
  } catch {
    return ''
  }
  return Buffer.concat(chunks).toString('latin1')
}
