import type * as Ffi from 'node:ffi'
import type { WindowsCalls } from './calls.ts'
import { readWide, wide } from './wide.ts'

/** Of winreg.h and winnt.h: the predefined handle is a negative number of 32 bits, made 64 wide. */
const localMachine = 0xffff_ffff_8000_0002n
const textOnly = 0x2
const numberOnly = 0x10
/** Ours is a 64-bit program; so is what it asks for, whatever it runs in. */
const in64Bits = 0x1_0000
const readOnly = 0x2_0119
const maxTextBytes = 2_048
/** A name is no longer than that; more of them than that are nobody's list of programs. */
const maxNameChars = 256
const maxKeys = 8_192

export function nativeRegistry(ffi: typeof Ffi): Pick<WindowsCalls, 'number' | 'text' | 'hasKey' | 'keys'> {
  const { functions: registry } = ffi.dlopen('advapi32.dll', {
    RegGetValueW: { arguments: ['u64', 'pointer', 'pointer', 'u32', 'pointer', 'pointer', 'pointer'], return: 'i32' },
    RegOpenKeyExW: { arguments: ['u64', 'pointer', 'u32', 'u32', 'pointer'], return: 'i32' },
    RegEnumKeyExW: { arguments: ['u64', 'u32', 'pointer', 'pointer', 'pointer', 'pointer', 'pointer', 'pointer'], return: 'i32' },
    RegCloseKey: { arguments: ['u64'], return: 'i32' },
  })
  const value = (key: string, name: string, kind: number, bytes: Buffer): Buffer | undefined => {
    const size = Buffer.alloc(4)
    size.writeUInt32LE(bytes.length)
    const code = registry.RegGetValueW(localMachine, wide(key), wide(name), kind | in64Bits, null, bytes, size)
    return code === 0 ? bytes.subarray(0, Math.min(bytes.length, size.readUInt32LE())) : undefined
  }
  const open = (key: string): bigint | undefined => {
    const handle = Buffer.alloc(8)
    return registry.RegOpenKeyExW(localMachine, wide(key), 0, readOnly, handle) === 0 ? handle.readBigUInt64LE() : undefined
  }
  return {
    number: (key, name) => {
      const found = value(key, name, numberOnly, Buffer.alloc(4))
      return found?.length === 4 ? found.readUInt32LE() : undefined
    },
    text: (key, name) => {
      const found = value(key, name, textOnly, Buffer.alloc(maxTextBytes))
      return found && readWide(found, 0)
    },
    hasKey(key) {
      const handle = open(key)
      if (handle !== undefined) registry.RegCloseKey(handle)
      return handle !== undefined
    },
    keys(key) {
      const handle = open(key)
      if (handle === undefined) return []
      const names: string[] = []
      const [name, chars] = [Buffer.alloc(maxNameChars * 2), Buffer.alloc(4)]
      for (let index = 0; index < maxKeys; index += 1) {
        chars.writeUInt32LE(maxNameChars)
        if (registry.RegEnumKeyExW(handle, index, name, chars, null, null, null, null) !== 0) break
        names.push(readWide(name, 0))
      }
      registry.RegCloseKey(handle)
      return names
    },
  }
}
