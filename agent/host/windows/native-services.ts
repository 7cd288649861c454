import type * as Ffi from 'node:ffi'
import { errors, type Refused, type ServiceEntry, type WindowsCalls } from './calls.ts'
import type { Kernel } from './native-events.ts'
import { readWide } from './wide.ts'

/** Of winsvc.h. */
const connectAndList = 5
const processes = 0
const ownAndShared = 0x30
const allStates = 3
/** ENUM_SERVICE_STATUS_PROCESSW where pointers are 64 bits wide, and where in it lies what is read. */
const entryBytes = 56
const offsets = { name: 0, type: 16, state: 20, exitCode: 28, specificExitCode: 32 } as const
/** A machine has some three hundred services, which take 60 KiB. */
const firstBytes = 262_144
const mostBytes = 4_194_304

export function nativeServices(ffi: typeof Ffi, kernel: Pick<Kernel, 'GetLastError'>): Pick<WindowsCalls, 'services'> {
  const { functions: manager } = ffi.dlopen('advapi32.dll', {
    OpenSCManagerW: { arguments: ['pointer', 'pointer', 'u32'], return: 'u64' },
    EnumServicesStatusExW: {
      arguments: ['u64', 'u32', 'u32', 'u32', 'pointer', 'u32', 'pointer', 'pointer', 'pointer', 'pointer'],
      return: 'i32',
    },
    CloseServiceHandle: { arguments: ['u64'], return: 'i32' },
  })
  const list = (handle: bigint, size: number): ServiceEntry[] | Refused => {
    const bytes = Buffer.alloc(size)
    const [needed, count, resume] = [Buffer.alloc(4), Buffer.alloc(4), Buffer.alloc(4)]
    const done = manager.EnumServicesStatusExW(
      ...([handle, processes, ownAndShared, allStates, bytes, size, needed, count, resume, null] as const),
    )
    if (done !== 0) return entriesIn(bytes, count.readUInt32LE(), ffi.getRawPointer(bytes))
    const refused = kernel.GetLastError()
    const wanted = size + needed.readUInt32LE()
    return refused === errors.moreData && wanted > size && wanted <= mostBytes ? list(handle, wanted) : { refused }
  }
  return {
    services() {
      const handle = manager.OpenSCManagerW(null, null, connectAndList)
      if (handle === 0n) return { refused: kernel.GetLastError() }
      const found = list(handle, firstBytes)
      manager.CloseServiceHandle(handle)
      return found
    },
  }
}

/** @param base where `bytes` begins in memory: names are pointers into it, and one that leads elsewhere is no name. */
export function entriesIn(bytes: Buffer, count: number, base: bigint): ServiceEntry[] {
  const fitting = Math.min(count, Math.floor(bytes.length / entryBytes))
  return Array.from({ length: fitting }, (_, index) => {
    const at = index * entryBytes
    const number = (offset: number): number => bytes.readUInt32LE(at + offset)
    return {
      name: readWide(bytes, Number(bytes.readBigUInt64LE(at + offsets.name) - base)).slice(0, 256),
      ...{ type: number(offsets.type), state: number(offsets.state) },
      ...{ exitCode: number(offsets.exitCode), specificExitCode: number(offsets.specificExitCode) },
    }
  }).filter(({ name }) => name !== '')
}
