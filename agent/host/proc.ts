import type { MemoryReading, NetworkReading, ProcessorReading } from './probe.ts'

/** Readers of /proc's text. Pure, so that a kernel's odd line is a test and not a machine. */

/** First line of /proc/stat and the line of /proc/loadavg. Waiting for a disk is idle; guests' time is already within user's. */
export function parseProcessor(stat: string, loadavg: string): ProcessorReading {
  const line = stat.slice(0, stat.indexOf('\n'))
  const [user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0] = line.split(/\s+/).slice(1).map(Number)
  const busyTicks = user + nice + system + irq + softirq + steal
  const [load1 = 0, load5 = 0, load15 = 0] = loadavg.split(' ').map(Number)
  return { busyTicks, totalTicks: busyTicks + idle + iowait, load1, load5, load15 }
}

export function parseMemory(meminfo: string): MemoryReading {
  const bytes = (name: string): number | undefined => {
    const found = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(meminfo)
    return found ? Number(found[1]) * 1_024 : undefined
  }
  const swapTotalBytes = bytes('SwapTotal') ?? 0
  // MemAvailable came with Linux 3.14; before it, what can be dropped is the honest guess.
  const droppable = (bytes('MemFree') ?? 0) + (bytes('Buffers') ?? 0) + (bytes('Cached') ?? 0)
  return {
    totalBytes: bytes('MemTotal') ?? 0,
    availableBytes: bytes('MemAvailable') ?? droppable,
    swapTotalBytes,
    swapUsedBytes: Math.max(0, swapTotalBytes - (bytes('SwapFree') ?? 0)),
  }
}

/** `some avg60` of /proc/pressure/memory (kernel documentation, accounting/psi), as a ratio; undefined when it isn't there. */
export function parseStall(pressure: string): number | undefined {
  const found = /^some .*\bavg60=([\d.]+)/m.exec(pressure)
  return found ? Number(found[1]) / 100 : undefined
}

/** Containers' and virtual machines' ends come and go; the bridge they hang on counts their bytes. */
const isPassing = (name: string): boolean => name === 'lo' || /^(veth|cali|tap|vnet|ifb)/.test(name)

export function parseNetworks(netDev: string): NetworkReading[] {
  return netDev
    .split('\n')
    .slice(2)
    .flatMap((line) => {
      const colon = line.lastIndexOf(':')
      const name = line.slice(0, colon).trim()
      if (colon === -1 || isPassing(name)) return []
      const [receivedBytes = 0, , receiveErrors = 0, , , , , , sentBytes = 0, , sendErrors = 0] = line
        .slice(colon + 1)
        .trim()
        .split(/\s+/)
        .map(Number)
      return [{ name, receivedBytes, sentBytes, errors: receiveErrors + sendErrors }]
    })
}

export interface Listener {
  port: number
  protocol: 'tcp' | 'udp'
}

/**
 * Sockets of /proc/net/{tcp,tcp6,udp,udp6} that others can reach; what listens on loopback only is nobody's service. Any user may
 * listen from port 1024 on, so there only root and the system's own accounts count.
 */
export function parseListeners(table: string, protocol: 'tcp' | 'udp'): Listener[] {
  // 0A is TCP_LISTEN; an unconnected UDP socket is 07 (TCP_CLOSE).
  const wanted = protocol === 'tcp' ? '0A' : '07'
  return table
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const [, local = '', , state, , , , uid = ''] = line.trim().split(/\s+/)
      const [address = '', digits = ''] = local.split(':')
      const port = Number.parseInt(digits, 16)
      return state === wanted && !isLoopback(address) && isSystems(port, uid) ? [{ port, protocol }] : []
    })
}

/** Distributions give people numbers from 1000 on (login.defs, SYS_UID_MAX 999). */
const isSystems = (port: number, uid: string): boolean => port < 1_024 || (/^\d+$/.test(uid) && Number(uid) < 1_000)

/** Hexadecimal, each 32-bit word in the machine's byte order: 127.x ends in 7F, ::1 in 01000000, ::ffff:127.x both. */
function isLoopback(address: string): boolean {
  if (address.length === 8) return address.endsWith('7F')
  return address === '00000000000000000000000001000000' || (address.startsWith('0000000000000000FFFF0000') && address.endsWith('7F'))
}
