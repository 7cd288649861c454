import { open } from 'node:fs/promises'
import { arch, cpus, release } from 'node:os'
import { join } from 'node:path'
import { type HardwareReading, known } from './hardware.ts'

/** Processors of one machine are alike, so the first in /proc/cpuinfo speaks for all. */
const maxBytes = 65_536

/** From the firmware's tables as the kernel shows them, os-release and /proc/cpuinfo: no program is started. What isn't said is "unknown". */
export async function readLinuxHardware(memoryBytes: number, root = '/'): Promise<HardwareReading> {
  const read = (path: string): Promise<string> => beginningOf(join(root, path))
  const firmware = (name: string): Promise<string> => read(`/sys/class/dmi/id/${name}`)
  const [manufacturer, model, serial, chassis] = await Promise.all(
    ['sys_vendor', 'product_name', 'product_serial', 'chassis_type'].map(firmware),
  )
  const [cpuInfo, osRelease] = await Promise.all([
    read('/proc/cpuinfo'),
    read('/etc/os-release').then((text) => text || read('/usr/lib/os-release')),
  ])
  const field = (key: string): string => new RegExp(`^${key}=["']?([^"'\\n]*)`, 'm').exec(osRelease)?.[1] ?? ''
  return {
    system: { name: known(field('NAME')), version: known(field('VERSION_ID')), kernel: known(release()), architecture: arch() },
    hardware: {
      manufacturer: known(manufacturer),
      model: known(model),
      serial: known(serial),
      chassis: chassisTypes[Number(chassis)] ?? 'unknown',
      processor: known(/^(?:model name|Processor|cpu model)\s*:\s*(.+)$/m.exec(cpuInfo)?.[1]),
      cores: cpus().length,
      memoryBytes,
      isVirtual: /^flags\s*:.*\bhypervisor\b/m.test(cpuInfo) || isVirtualMaker(`${manufacturer} ${model}`),
    },
  }
}

const isVirtualMaker = (text: string): boolean =>
  /qemu|kvm|bochs|vmware|virtualbox|xen|amazon ec2|google compute|virtual machine/i.test(text)

/** By number, as SMBIOS 3.7, table 17 names them. */
const chassisTypes: Record<number, string> = {
  ...{ 3: 'Desktop', 4: 'Low Profile Desktop', 5: 'Pizza Box', 6: 'Mini Tower', 7: 'Tower', 8: 'Portable', 9: 'Laptop', 10: 'Notebook' },
  ...{ 11: 'Hand Held', 12: 'Docking Station', 13: 'All in One', 14: 'Sub Notebook', 15: 'Space-saving', 16: 'Lunch Box' },
  ...{ 17: 'Main Server Chassis', 18: 'Expansion Chassis', 23: 'Rack Mount Chassis', 24: 'Sealed-case PC', 25: 'Multi-system Chassis' },
  ...{ 28: 'Blade', 29: 'Blade Enclosure', 30: 'Tablet', 31: 'Convertible', 32: 'Detachable', 33: 'IoT Gateway', 34: 'Embedded PC' },
  ...{ 35: 'Mini PC', 36: 'Stick PC' },
}

/** '' where it isn't, or isn't ours to read: serials are root's. */
async function beginningOf(path: string): Promise<string> {
  const file = await open(path).catch(() => undefined)
  if (!file) return ''
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(maxBytes), 0, maxBytes, 0)
    return buffer.toString('utf8', 0, bytesRead)
  } catch {
    return ''
  } finally {
    await file.close()
  }
}
