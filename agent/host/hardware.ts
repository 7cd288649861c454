import { arch, hostname, networkInterfaces, release } from 'node:os'
import type { Platform } from '#shared/domain/endpoint.ts'
import type { Inventory } from '#shared/domain/inventory.ts'
import type { DiskReading } from './probe.ts'

type System = Inventory['system']
type Hardware = Inventory['hardware']

/** What may cost programs that are started: asked once, and kept. */
export interface HardwareReading {
  system: System
  hardware: Hardware
}

/** Asked again only if it failed. */
export function hardwareOnce(read = askPrograms): (memoryBytes: number) => Promise<HardwareReading> {
  let reading: HardwareReading | undefined
  return async (memoryBytes) => {
    reading ??= await read(memoryBytes)
    return reading
  }
}

/** Memory comes from the caller, who has it without a child process. The package is 600 KiB, so it is loaded here and not at start. */
async function askPrograms(memoryBytes: number): Promise<HardwareReading> {
  const { default: information } = await import('systeminformation')
  const [system, chassis, processor, operating] = await Promise.all([
    information.system(),
    information.chassis(),
    information.cpu(),
    information.osInfo(),
  ])
  return {
    system: {
      name: known(operating.distro),
      version: known(operating.release),
      kernel: known(operating.kernel || release()),
      architecture: arch(),
    },
    hardware: {
      manufacturer: known(system.manufacturer),
      model: known(system.model),
      serial: known(system.serial),
      chassis: known(chassis.type),
      processor: known(`${processor.manufacturer} ${processor.brand}`),
      cores: processor.cores,
      memoryBytes,
      isVirtual: system.virtual,
    },
  }
}

/** Vendors leave fields empty or fill them with words that say the same. */
export function known(text: string | undefined): string {
  const said = (text ?? '').trim()
  const isEmpty = said === '' || said === '-' || /^(unknown|default string|to be filled|not specified|none|system serial)/i.test(said)
  return isEmpty ? 'unknown' : said.slice(0, 500)
}

/** Ends of containers and virtual machines come and go all day and would make every look a change. */
const isPassing = (name: string): boolean => /^(veth|cali|tap|vnet)/.test(name)

/** In a fixed order, so that the same machine gives the same inventory. */
export function readInterfaces(): Inventory['interfaces'] {
  return Object.entries(networkInterfaces())
    .filter(([name, addresses]) => addresses?.some((address) => !address.internal) && !isPassing(name))
    .map(([name, addresses = []]) => ({
      name,
      mac: addresses[0]?.mac ?? 'unknown',
      addresses: addresses
        .map((address) => address.address)
        .sort()
        .slice(0, 50),
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .slice(0, 200)
}

export function inventoryDisks(disks: DiskReading[]): Inventory['disks'] {
  const cut = (text: string): string => text.slice(0, 500)
  return disks.map(({ device, mount, type, totalBytes }) => ({ device: cut(device), mount: cut(mount), type, totalBytes })).slice(0, 200)
}

export function identity(platform: Platform): { hostname: string; platform: Platform } {
  return { hostname: hostname(), platform }
}
