import type { WindowsCalls } from './calls.ts'
import { nativeEvents } from './native-events.ts'
import { nativeRegistry } from './native-registry.ts'
import { nativeResources } from './native-resources.ts'
import { nativeServices } from './native-services.ts'
import { readWide } from './wide.ts'

/*
 * Windows' own libraries, called out of this process by Node's foreign function interface (experimental in 26): no child is started, and a
 * turn with nothing new costs microseconds a channel. Only Windows ever loads this file. It was run under Wine 8 with Node 26.10.0: the service
 * manager, the registry, signals and GetLastError on Wine's own, the event log on a stand-in that a compiler held against winevt.h, since
 * Wine has none. On a real Windows it has not run yet.
 * Threat: a structure that is read wrong reads foreign memory. So every buffer is ours and every offset is checked against its end.
 */
export async function openNative(): Promise<WindowsCalls> {
  const ffi = await import('node:ffi')
  const { functions: kernel } = ffi.dlopen('kernel32.dll', {
    GetLastError: { arguments: [], return: 'u32' },
    CreateEventW: { arguments: ['pointer', 'i32', 'i32', 'pointer'], return: 'u64' },
    ResetEvent: { arguments: ['u64'], return: 'i32' },
    WaitForSingleObject: { arguments: ['u64', 'u32'], return: 'u32' },
    CloseHandle: { arguments: ['u64'], return: 'i32' },
    GetSystemDirectoryW: { arguments: ['pointer', 'u32'], return: 'u32' },
  })
  const folder = Buffer.alloc(1_024)
  kernel.GetSystemDirectoryW(folder, folder.length / 2)
  // By its whole path: what somebody lays beside this program under its name is not loaded.
  const events = nativeEvents(ffi, kernel, `${readWide(folder, 0)}\\wevtapi.dll`)
  return { ...events, ...nativeServices(ffi, kernel), ...nativeRegistry(ffi), ...nativeResources(ffi) }
}
