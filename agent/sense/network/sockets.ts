/** One line of /proc/net/tcp or tcp6, or of udp or udp6. */
export interface Socket {
  protocol?: 'udp'
  local: { address: string; port: number }
  remote: { address: string; port: number }
  state: 'listening' | 'asking' | 'open' | 'other'
  userId: number
  inode: string
}

/** The kernel's numbers (include/net/tcp_states.h). */
const states: Record<string, Socket['state']> = { '01': 'open', '02': 'asking', '0A': 'listening' }

export function readSockets(text: string): Socket[] {
  return text
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const [, local, remote, state = '', , , , userId, , inode] = line.trim().split(/\s+/)
      const [from, to] = [endOf(local ?? ''), endOf(remote ?? '')]
      if (!from || !to || inode === undefined) return []
      return [{ local: from, remote: to, state: states[state] ?? 'other', userId: Number(userId), inode }]
    })
}

/** Those of udp and udp6 that anybody may send to. */
export const readDoors = (text: string): Socket[] =>
  readSockets(text).flatMap((socket) =>
    socket.remote.port === 0 ? [{ ...socket, protocol: 'udp' as const, state: 'listening' as const }] : [],
  )

/** `0100007F:1F90`: each 32 bits of the address in the machine's byte order (little endian), the port as a number. */
function endOf(text: string): { address: string; port: number } | undefined {
  const [, address = '', port = ''] = /^([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4})$/.exec(text) ?? []
  if (address === '') return undefined
  const bytes = (address.match(/.{8}/g) ?? []).flatMap((word) =>
    (word.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16)).toReversed(),
  )
  return { address: bytes.length === 4 ? bytes.join('.') : sixOf(bytes), port: Number.parseInt(port, 16) }
}

function sixOf(bytes: number[]): string {
  const isMapped = bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255 && bytes[11] === 255
  if (isMapped) return bytes.slice(12).join('.')
  const words = Array.from({ length: 8 }, (_, at) => (((bytes[at * 2] ?? 0) << 8) | (bytes[at * 2 + 1] ?? 0)).toString(16))
  return words
    .join(':')
    .replace(/\b0(?::0)+\b/, '')
    .replace(/^:?$|^:(?!:)|(?<!:):$/, '::')
}

/** Whoever listens there is reached from other machines. */
export const isReachable = (address: string): boolean => address !== '::1' && !address.startsWith('127.')
