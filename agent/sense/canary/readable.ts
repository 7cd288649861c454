import { crc32, gunzipSync } from 'node:zlib'
import type { FileKind } from './decoys.ts'
import { readZip } from './read-zip.ts'

/**
 * What became of a decoy's bytes. `whole`: a file of its own type. `archived`: an archive that opens without a password
 * and holds it. `sealed`: it has the form of an archive that can't be looked into here. `partial`: empty, or begun and not ended, as a file that is being written is for some milliseconds.
 * `unreadable`: none of these (defaults, §7).
 */
export type Judgement = 'same' | 'whole' | 'archived' | 'sealed' | 'partial' | 'unreadable'

type Fit = 'whole' | 'partial' | 'no'

export function judge(bytes: Buffer, kind: FileKind, original: Buffer): Judgement {
  if (bytes.equals(original)) return 'same'
  if (isUnwritten(bytes)) return 'partial'
  const own = fits[kind](bytes)
  if (own === 'whole') return 'whole'
  const archive = archiveFit(bytes, (content) => content.includes(original) || fits[kind](content) === 'whole')
  if (archive === 'whole') return isOpenedHere(bytes) ? 'archived' : 'sealed'
  return own === 'partial' || archive === 'partial' ? 'partial' : 'unreadable'
}

/** Cut to nothing before it is written, or reserved and still zeros. */
const isUnwritten = (bytes: Buffer): boolean => bytes.subarray(0, 32).every((byte) => byte === 0)

const fits: Record<FileKind, (bytes: Buffer) => Fit> = {
  docx: (bytes) => officeFit(bytes, 'word/'),
  xlsx: (bytes) => officeFit(bytes, 'xl/'),
  pdf: pdfFit,
  png: pngFit,
  txt: (bytes) => (isText(bytes) ? 'whole' : 'no'),
}

function officeFit(bytes: Buffer, folder: string): Fit {
  const zip = readZip(bytes)
  if (zip.kind === 'partial') return 'partial'
  if (zip.kind !== 'whole') return 'no'
  const names = zip.entries.map((entry) => entry.name)
  return names.includes('[Content_Types].xml') && names.some((name) => name.startsWith(folder)) ? 'whole' : 'no'
}

/** Its header, its end, and a cross-reference (table or stream) where the end says it is, whose entries point at objects. */
function pdfFit(bytes: Buffer): Fit {
  const text = bytes.toString('latin1')
  if (!text.startsWith('%PDF-')) return 'no'
  const start = /startxref\s+(\d+)\s+%%EOF\s*[^%]{0,1024}$/.exec(text.slice(-2_048))?.[1]
  if (start === undefined) return 'partial'
  const reference = text.slice(Number(start))
  if (/^\s*\d+ \d+ obj/.test(reference)) return 'whole'
  return reference.startsWith('xref') && pointsAtObjects(text, reference) ? 'whole' : 'no'
}

function pointsAtObjects(text: string, reference: string): boolean {
  const used = [...reference.slice(0, 100_000).matchAll(/^(\d{10}) (\d{5}) n/gm)]
  return used.every((entry) => /^\s*\d+ \d+ obj/.test(text.slice(Number(entry[1]), Number(entry[1]) + 40)))
}

/** Every chunk with its sum, up to the last one. */
function pngFit(bytes: Buffer): Fit {
  if (!bytes.subarray(0, 8).equals(Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'))) return 'no'
  for (let at = 8; at + 12 <= bytes.length; ) {
    const end = at + 8 + bytes.readUInt32BE(at)
    if (end + 4 > bytes.length) return 'partial'
    if (crc32(bytes.subarray(at + 4, end)) !== bytes.readUInt32BE(end)) return 'no'
    if (bytes.toString('latin1', at + 4, at + 8) === 'IEND') return 'whole'
    at = end + 4
  }
  return 'partial'
}

/** UTF-8 or UTF-16, or an older code page of some Western language: mostly plain letters, and no zero bytes. */
function isText(bytes: Buffer): boolean {
  const isUtf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)
  if (isUtf16) return isDecodable(bytes, bytes[0] === 0xff ? 'utf-16le' : 'utf-16be')
  if (bytes.includes(0)) return false
  const plain = bytes.reduce((count, byte) => count + (isPlain(byte) ? 1 : 0), 0)
  return isDecodable(bytes, 'utf-8') ? bytes.every((byte) => byte >= 0x80 || isPlain(byte)) : plain / bytes.length > 0.85
}

const isPlain = (byte: number): boolean => (byte >= 0x20 && byte < 0x7f) || (byte >= 0x08 && byte <= 0x0d) || byte === 0x1b

function isDecodable(bytes: Buffer, encoding: string): boolean {
  try {
    new TextDecoder(encoding, { fatal: true }).decode(bytes)
    return true
  } catch {
    return false
  }
}

const isGzip = (bytes: Buffer): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b
const isOpenedHere = (bytes: Buffer): boolean => isGzip(bytes) || readZip(bytes).kind === 'whole'

function archiveFit(bytes: Buffer, holds: (content: Buffer) => boolean): Fit {
  const zip = readZip(bytes)
  if (zip.kind === 'partial') return 'partial'
  if (zip.kind === 'whole') return zip.entries.some((entry) => entry.bytes && holds(entry.bytes)) ? 'whole' : 'no'
  if (isGzip(bytes)) return gzipFit(bytes, holds)
  return sealedFit(bytes)
}

const maxUnpackedBytes = 16_777_216

function gzipFit(bytes: Buffer, holds: (content: Buffer) => boolean): Fit {
  try {
    return holds(gunzipSync(bytes, { maxOutputLength: maxUnpackedBytes })) ? 'whole' : 'no'
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'Z_BUF_ERROR' ? 'partial' : 'no'
  }
}

/** 7-Zip's method number for AES-256, as it stands in an archive's header. */
const sevenZipAes = Buffer.from('06f10701', 'hex')

/**
 * Archives that Node can't open are believed by their form. Somebody who wears it as a mask is still noticed: the decoy
 * is gone, and a second one within the minute is an attack, whatever lies in its place.
 */
function sealedFit(bytes: Buffer): Fit {
  const head = bytes.subarray(0, 6).toString('hex')
  if (head === '377abcaf271c') return sevenZipFit(bytes)
  if (head === 'fd377a585a00') return bytes.subarray(-2).toString('latin1') === 'YZ' ? 'whole' : 'partial'
  if (/^BZh[1-9]1AY&SY/.test(bytes.toString('latin1', 0, 10))) return 'whole'
  return head.startsWith('28b52ffd') ? 'whole' : 'no'
}

/** Its start says where its header lies, and has a sum of its own. */
function sevenZipFit(bytes: Buffer): Fit {
  if (bytes.length < 32) return 'partial'
  if (crc32(bytes.subarray(12, 32)) !== bytes.readUInt32LE(8)) return 'no'
  const start = 32 + Number(bytes.readBigUInt64LE(12))
  const end = start + Number(bytes.readBigUInt64LE(20))
  if (end > bytes.length) return 'partial'
  return bytes.subarray(start, end).includes(sevenZipAes) ? 'no' : 'whole'
}
