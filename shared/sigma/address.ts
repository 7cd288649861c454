/** An address as bytes: 4 for IPv4, 16 for IPv6 (an IPv4 one written as `::ffff:1.2.3.4` counts as IPv4). */
export type Address = readonly number[]

export interface Network {
  address: Address
  prefixBits: number
}

export function readAddress(text: string): Address | undefined {
  if (!text.includes(':')) return readV4(text)
  const bytes = readV6(text.replace(/%.*$/, '').replace(/^\[(.*)\]$/, '$1'))
  const isMapped = bytes?.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255 && bytes[11] === 255
  return isMapped ? bytes?.slice(12) : bytes
}

export function readNetwork(text: string): Network | undefined {
  const [, written = '', prefix] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text.trim()) ?? []
  const address = readAddress(written)
  if (!address) return undefined
  const isMapped = written.includes(':') && address.length === 4
  const prefixBits = prefix === undefined ? address.length * 8 : Number(prefix) - (isMapped ? 96 : 0)
  return prefixBits >= 0 && prefixBits <= address.length * 8 ? { address, prefixBits } : undefined
}

export function isWithin(address: Address, network: Network): boolean {
  if (address.length !== network.address.length) return false
  return network.address.every((byte, index) => {
    const bits = Math.min(8, Math.max(0, network.prefixBits - index * 8))
    const mask = (0xff00 >> bits) & 0xff
    return (byte & mask) === ((address[index] ?? 0) & mask)
  })
}

function readV4(text: string): Address | undefined {
  const parts = text.trim().split('.')
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256)) return undefined
  return parts.map(Number)
}

function readV6(text: string): Address | undefined {
  const lastColon = text.lastIndexOf(':')
  const embedded = text.includes('.') ? readV4(text.slice(lastColon + 1)) : []
  if (!embedded) return undefined
  const groupsText = embedded.length > 0 ? text.slice(0, lastColon + 1).replace(/([^:]):$/, '$1') : text
  const halves = groupsText.split('::')
  if (halves.length > 2) return undefined
  const [head, tail] = halves.map(groupsOf)
  if (!head || (halves.length === 2 && !tail)) return undefined
  const missing = 16 - head.length - (tail?.length ?? 0) - embedded.length
  if (halves.length === 2 ? missing < 0 : missing !== 0) return undefined
  return [...head, ...Array.from({ length: missing }, () => 0), ...(tail ?? []), ...embedded]
}

function groupsOf(text: string): number[] | undefined {
  if (text === '') return []
  const groups = text.split(':')
  if (!groups.every((group) => /^[\da-f]{1,4}$/i.test(group))) return undefined
  return groups.flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255])
}
