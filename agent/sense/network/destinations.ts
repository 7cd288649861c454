import { BlockList, isIP } from 'node:net'

/** Whether an address is on a list of addresses and networks. What is neither is passed over: the list's maker was told. */
export function createDestinations(): (list: readonly string[], address: string) => boolean {
  let known: readonly string[] = []
  let blocked = new BlockList()
  return (list, address) => {
    if (list.length === 0) return false
    if (list.length !== known.length || list.some((entry, at) => entry !== known[at])) {
      known = list
      blocked = listOf(list)
    }
    return blocked.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
  }
}

function listOf(list: readonly string[]): BlockList {
  const blocked = new BlockList()
  for (const entry of list) {
    const [address = '', bits] = entry.split('/')
    const family = isIP(address)
    if (family === 0) continue
    const most = family === 6 ? 128 : 32
    const prefix = bits === undefined ? most : Number(bits)
    if (Number.isInteger(prefix) && prefix >= 0 && prefix <= most) blocked.addSubnet(address, prefix, family === 6 ? 'ipv6' : 'ipv4')
  }
  return blocked
}
