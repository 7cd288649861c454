import { existsSync, readFileSync } from 'node:fs'
import type { Logger } from 'pino'
import type { Time } from '#shared/domain/time.ts'
import { followFileEvents } from '../file-events.ts'
import { followFile } from '../follow-file.ts'
import { type HardwareReading, hardwareOnce, identity, inventoryDisks, readInterfaces } from '../hardware.ts'
import { openImageHashes } from '../image-hashes.ts'
import { readLinuxFacts, readNeighbours } from '../linux-facts.ts'
import { readLinuxHardware } from '../linux-hardware.ts'
import { judgeRole, readRoleFacts } from '../linux-role.ts'
import { parseMounts, readDisk } from '../mounts.ts'
import { packageManagerAtWork } from '../package-locks.ts'
import { privilegedFile, privilegedFiles } from '../privileged-files.ts'
import type { Answer, DiskReading, MachineInventory, MemoryReading, Probe, RoleReading } from '../probe.ts'
import { parseMemory, parseNetworks, parseProcessor, parseStall } from '../proc.ts'
import { readProcess } from '../process-facts.ts'
import { lastBorn, pidsIn } from '../processes.ts'
import { socketOwner } from '../socket-owner.ts'
import { linkNow, list, listNow, look, lookNow, read, watchFolder } from '../system-files.ts'
import { followJournal, unitsDown } from '../systemd.ts'
import { createVitals } from '../vitals.ts'

/** Linux, from /proc, /sys and statfs: what the samples ask for starts no child process. */
export function linuxProbe({ time }: { time: Time; log: Logger }): Probe {
  const hardware = hardwareOnce(readLinuxHardware)
  return {
    platform: 'linux',
    processor: async () => parseProcessor(text('/proc/stat'), text('/proc/loadavg')),
    memory,
    memoryStall,
    disks,
    networks: async () => ({ kind: 'known', value: parseNetworks(text('/proc/net/dev')) }),
    uptimeSeconds: async () => Number(text('/proc/uptime').split(' ')[0]),
    unitsDown,
    vitals: createVitals(time),
    packageManager: async () => ({ kind: 'known', value: (await packageManagerAtWork()) ?? null }),
    role,
    inventory: async () => inventory(await hardware((await memory()).totalBytes)),
    followFile: (path, follower) => followFile(path, follower, time),
    followJournal,
    followFileEvents: (follower) => followFileEvents(follower, time),
    pids: () => pidsIn(),
    lastBorn: () => lastBorn(text('/proc/loadavg')),
    process: (pid) => readProcess('/proc', pid),
    images: openImageHashes(time),
    socketOwner: (inode, userId) => socketOwner(inode, userId),
    privilegedFiles: () => privilegedFiles(),
    privilegedFile: (path) => privilegedFile(path),
    watchFolder,
    look,
    lookNow,
    linkNow,
    read,
    list,
    listNow,
  }
}

/** The process table answers out of memory: a thread of the pool would cost more than it. */
const text = (path: string): string => readFileSync(path, 'utf8')
const memory = async (): Promise<MemoryReading> => parseMemory(text('/proc/meminfo'))
const role = async (): Promise<RoleReading> => judgeRole(await readRoleFacts())

async function memoryStall(): Promise<Answer<number>> {
  const value = parseStall(existsSync('/proc/pressure/memory') ? text('/proc/pressure/memory') : '')
  return value === undefined ? { kind: 'unsupported', reason: 'this kernel does not measure memory pressure' } : { kind: 'known', value }
}

async function disks(): Promise<DiskReading[]> {
  const found = await Promise.all(parseMounts(text('/proc/self/mountinfo')).map(readDisk))
  return found.filter((disk) => disk !== undefined).slice(0, 200)
}

async function inventory(hardware: HardwareReading): Promise<MachineInventory> {
  return {
    ...identity('linux'),
    ...hardware,
    disks: inventoryDisks(await disks()),
    interfaces: readInterfaces(),
    facts: await readLinuxFacts(),
    neighbours: await readNeighbours(),
    role: await role(),
  }
}
