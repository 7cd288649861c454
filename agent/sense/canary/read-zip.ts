import { crc32, inflateRawSync } from 'node:zlib'

export interface ZipEntry {
  name: string
  /** Undefined beyond the bound: such a file may be read, but here it isn't. */
  bytes: Buffer | undefined
}

/** `partial`: it begins as a zip and does not end as one, as a file that is still being written does. */
export type ZipReading = { kind: 'whole'; entries: ZipEntry[] } | { kind: 'encrypted' | 'partial' | 'broken' | 'none' }

const endMark = Buffer.from('PK\x05\x06')
/** A small file may unpack to gigabytes; nobody's decoy does. */
const maxUnpackedBytes = 8_388_608
const maxEntries = 1_000

/** Reads every entry and checks its sum: a container whose middle was overwritten still has its beginning and its end. */
export function readZip(bytes: Buffer): ZipReading {
  if (!bytes.subarray(0, 4).equals(Buffer.from('PK\x03\x04'))) return { kind: 'none' }
  const end = bytes.lastIndexOf(endMark)
  if (end === -1 || end + 22 > bytes.length) return { kind: 'partial' }
  try {
    return readEntries(bytes, end)
  } catch {
    // Offsets that lead nowhere, sums that don't fit, deflate that isn't: whatever was thrown, it is no zip any more.
    return { kind: 'broken' }
  }
}

function readEntries(bytes: Buffer, end: number): ZipReading {
  const count = Math.min(maxEntries, bytes.readUInt16LE(end + 10))
  const entries: ZipEntry[] = []
  let left = maxUnpackedBytes
  let at = bytes.readUInt32LE(end + 16)
  for (let index = 0; index < count; index += 1) {
    if (bytes.readUInt32LE(at) !== 0x02014b50) return { kind: 'broken' }
    if ((bytes.readUInt16LE(at + 8) & 1) === 1) return { kind: 'encrypted' }
    const nameLength = bytes.readUInt16LE(at + 28)
    const unpacked = unpack(bytes, at, left)
    left -= unpacked?.length ?? 0
    entries.push({ name: bytes.toString('utf8', at + 46, at + 46 + nameLength), bytes: unpacked })
    at += 46 + nameLength + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32)
  }
  return { kind: 'whole', entries }
}

function unpack(bytes: Buffer, at: number, maxBytes: number): Buffer | undefined {
  const method = bytes.readUInt16LE(at + 10)
  const sum = bytes.readUInt32LE(at + 16)
  const packedLength = bytes.readUInt32LE(at + 20)
  const length = bytes.readUInt32LE(at + 24)
  const local = bytes.readUInt32LE(at + 42)
  if (bytes.readUInt32LE(local) !== 0x04034b50) throw new RangeError('the entry has no local header')
  if (length > maxBytes || (method !== 0 && method !== 8)) return undefined
  const start = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28)
  const packed = bytes.subarray(start, start + packedLength)
  const content = method === 0 ? packed : inflateRawSync(packed, { maxOutputLength: Math.max(1, length) })
  if (content.length !== length || crc32(content) !== sum) throw new RangeError('the entry does not fit its sum')
  return content
}
