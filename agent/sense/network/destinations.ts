import { type Address, type Network, readAddress, readNetwork } from '#shared/sigma/address.ts'

/**
 * Whether an address is on a list of addresses and networks. What is neither is passed over: the list's maker was told. A list may hold
 * tens of thousands; an address is looked up once for each length of prefix among them.
 */
export function createDestinations(): (list: readonly string[], address: string) => boolean {
  let known: readonly string[] = []
  let networks = new Map<number, Set<string>>()
  return (list, written) => {
    if (list.length === 0) return false
    if (!isSameList(list, known)) {
      known = list
      networks = byPrefix(list.flatMap((entry) => readNetwork(entry) ?? []))
    }
    const address = readAddress(written)
    return address !== undefined && [...networks].some(([bits, starts]) => starts.has(startOf(address, bits)))
  }
}

/** Cheap where it is one array, as within one policy. */
export const isSameList = (one: readonly string[], other: readonly string[]): boolean =>
  one === other || (one.length === other.length && one.every((entry, at) => entry === other[at]))

function byPrefix(networks: readonly Network[]): Map<number, Set<string>> {
  const found = new Map<number, Set<string>>()
  for (const { address, prefixBits } of networks) {
    const starts = found.get(prefixBits) ?? new Set()
    found.set(prefixBits, starts.add(startOf(address, prefixBits)))
  }
  return found
}

/** Both families have a length of their own, so neither is taken for the other. */
const startOf = (address: Address, bits: number): string =>
  address.map((byte, index) => byte & ((0xff00 >> Math.min(8, Math.max(0, bits - index * 8))) & 0xff)).join('.')
