export interface Gateway {
  device: string
  address: string
}

/** /proc/net/route: device, destination, gateway … as hexadecimal in the machine's byte order (little endian); flag 2 is "by a gateway". */
export function defaultGateway(routes: string): Gateway | undefined {
  const lines = routes
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
  const [device, , gateway] =
    lines.find(([, destination, , flags]) => destination === '00000000' && (Number.parseInt(flags ?? '0', 16) & 2) !== 0) ?? []
  if (device === undefined || gateway === undefined) return undefined
  const bytes = gateway.match(/../g)?.map((byte) => Number.parseInt(byte, 16)) ?? []
  return { device, address: bytes.reverse().join('.') }
}

/** By address and device the hardware address that answers for it; entries without an answer are left out. */
export function neighboursIn(arp: string): Map<string, string> {
  const lines = arp
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
  return new Map(
    lines.flatMap(([address, , flags, mac, , device]): [string, string][] =>
      address !== undefined && mac !== undefined && flags !== '0x0' && mac !== '00:00:00:00:00:00' ? [[`${address} ${device}`, mac]] : [],
    ),
  )
}
