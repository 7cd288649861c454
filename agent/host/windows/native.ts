import type { WindowsCalls } from './calls.ts'
import { nativeEvents } from './native-events.ts'
import { nativeRegistry } from './native-registry.ts'
import { nativeServices } from './native-services.ts'

/*
 * Windows' own libraries, called out of this process by Node's foreign function interface (experimental in 26): no child is started, and a
 * turn with nothing new costs a microsecond a channel. Only Windows ever loads this file. What was tried under Wine 8 with Node 26.10.0: the
 * service manager, the registry, the signal objects and GetLastError. Wine has no event log: wevtapi was called through a library of our
 * own that has its signatures by the field's headers; it has not run on a real Windows yet.
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
  })
  return { ...nativeEvents(ffi, kernel), ...nativeServices(ffi, kernel), ...nativeRegistry(ffi) }
}
