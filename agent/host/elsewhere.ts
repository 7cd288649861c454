import { cpus, freemem, loadavg, totalmem, uptime } from 'node:os'
import type { Platform } from '#shared/domain/endpoint.ts'
import type { Time } from '#shared/domain/time.ts'
import { followFile } from './follow-file.ts'
import { hardwareOnce, identity, inventoryDisks, readInterfaces } from './hardware.ts'
import type { Answer, DiskReading, MemoryReading, Probe, ProcessorReading, RoleReading } from './probe.ts'
import { linkNow, list, listNow, look, lookNow, read, watchFolder } from './system-files.ts'
import { createVitals } from './vitals.ts'

/** What Node and systeminformation know on any system; each system's own file adds what it has and names what it lacks. */
export function portableProbe(platform: Platform, time: Time, role: () => Promise<RoleReading>): Probe {
  const unsupported = async (what: string): Promise<Answer<never>> => ({
    kind: 'unsupported',
    reason: `${what} can't be read on ${platform} yet`,
  })
  const hardware = hardwareOnce()
  return {
    platform,
    processor: async () => processor(),
    memory,
    memoryStall: () => unsupported('memory pressure'),
    disks,
    networks: () => unsupported('network counters'),
    uptimeSeconds: async () => uptime(),
    unitsDown: () => unsupported('the state of services'),
    vitals: createVitals(time),
    packageManager: () => unsupported('whether packages are being changed'),
    role,
    async inventory() {
      return {
        ...identity(platform),
        ...(await hardware(totalmem())),
        disks: inventoryDisks(await disks()),
        interfaces: readInterfaces(),
        role: await role(),
      }
    },
    followFile: (path, follower) => followFile(path, follower, time),
    followJournal: () => unsupported('the system log'),
    followFileEvents: () => unsupported('who writes which file'),
    images: { of: async () => undefined, at: async () => undefined },
    socketOwner: async () => undefined,
    privilegedFiles: async () => [],
    privilegedFile: () => undefined,
    pids: () => [],
    lastBorn: () => undefined,
    process: () => undefined,
    watchFolder,
    look,
    lookNow,
    linkNow,
    read,
    list,
    listNow,
  }
}

function processor(): ProcessorReading {
  const times = cpus().map((cpu) => cpu.times)
  const sum = (pick: (time: (typeof times)[number]) => number): number => times.reduce((total, time) => total + pick(time), 0)
  const busyTicks = sum((time) => time.user + time.nice + time.sys + time.irq)
  const [load1 = 0, load5 = 0, load15 = 0] = loadavg()
  return { busyTicks, totalTicks: busyTicks + sum((time) => time.idle), load1, load5, load15 }
}

async function memory(): Promise<MemoryReading> {
  const { default: information } = await import('systeminformation')
  const { available, swaptotal, swapused } = await information.mem()
  const totalBytes = totalmem()
  return { totalBytes, availableBytes: available > 0 ? available : freemem(), swapTotalBytes: swaptotal, swapUsedBytes: swapused }
}

async function disks(): Promise<DiskReading[]> {
  const { default: information } = await import('systeminformation')
  const found = await information.fsSize()
  return found
    .filter((disk) => disk.size > 0 && disk.rw !== false)
    .map((disk) => ({
      mount: disk.mount,
      device: disk.fs,
      type: disk.type,
      totalBytes: disk.size,
      freeBytes: disk.available,
      usedRatio: Math.min(1, Math.max(0, disk.use / 100)),
    }))
}
