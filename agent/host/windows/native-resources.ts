import type * as Ffi from 'node:ffi'
import type { DriveEntry, WindowsCalls } from './calls.ts'
import { readWide, wide } from './wide.ts'

/** Of sysinfoapi.h: MEMORYSTATUSEX. */
const statusBytes = 64
const offsets = { total: 8, available: 16, commitLimit: 24, commitLeft: 32 } as const
/** Of fileapi.h: a disk of this machine, which answers at once, and one that nobody can write to. */
const fixed = 3
const readOnlyVolume = 0x8_0000
const maxDrives = 200

export function nativeResources(ffi: typeof Ffi): Pick<WindowsCalls, 'memory' | 'drives'> {
  const { functions: kernel } = ffi.dlopen('kernel32.dll', {
    GlobalMemoryStatusEx: { arguments: ['pointer'], return: 'i32' },
    GetLogicalDriveStringsW: { arguments: ['u32', 'pointer'], return: 'u32' },
    GetDriveTypeW: { arguments: ['pointer'], return: 'u32' },
    GetDiskFreeSpaceExW: { arguments: ['pointer', 'pointer', 'pointer', 'pointer'], return: 'i32' },
    GetVolumeInformationW: {
      arguments: ['pointer', 'pointer', 'u32', 'pointer', 'pointer', 'pointer', 'pointer', 'u32'],
      return: 'i32',
    },
  })
  const names = (): string[] => {
    const bytes = Buffer.alloc(4_096)
    const chars = kernel.GetLogicalDriveStringsW(bytes.length / 2 - 1, bytes)
    return chars >= bytes.length / 2
      ? []
      : bytes
          .toString('utf16le', 0, chars * 2)
          .split('\0')
          .filter(Boolean)
          .slice(0, maxDrives)
  }
  const drive = (name: string): DriveEntry[] => {
    const root = wide(name)
    if (kernel.GetDriveTypeW(root) !== fixed) return []
    const [free, total, flags, system] = [Buffer.alloc(8), Buffer.alloc(8), Buffer.alloc(4), Buffer.alloc(64)]
    if (kernel.GetDiskFreeSpaceExW(root, free, total, null) === 0) return []
    const isNamed = kernel.GetVolumeInformationW(root, null, 0, null, null, flags, system, system.length / 2) !== 0
    if (isNamed && (flags.readUInt32LE() & readOnlyVolume) !== 0) return []
    const sizes = { totalBytes: Number(total.readBigUInt64LE()), freeBytes: Number(free.readBigUInt64LE()) }
    return [{ name, type: isNamed ? readWide(system, 0) : 'unknown', ...sizes }]
  }
  return {
    drives: () => names().flatMap(drive),
    memory() {
      const status = Buffer.alloc(statusBytes)
      status.writeUInt32LE(statusBytes)
      if (kernel.GlobalMemoryStatusEx(status) === 0) return undefined
      const at = (offset: number): number => Number(status.readBigUInt64LE(offset))
      const [total, available] = [at(offsets.total), at(offsets.available)]
      return { total, available, commitLimit: at(offsets.commitLimit), commitLeft: at(offsets.commitLeft) }
    },
  }
}
