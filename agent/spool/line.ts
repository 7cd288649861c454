import { crc32 } from 'node:zlib'

/**
 * One record is one line: `1 <crc32, 8 hex digits> <seq> <JSON>\n`. The first word is the line format's version;
 * the checksum covers everything after it up to the line's end. JSON never holds a raw line end.
 */
const version = '1'
const checksumAt = version.length + 1
const payloadAt = checksumAt + 8 + 1
const space = 0x20

/** `body` is JSON already. */
export function writeLine(seq: number, body: string): Buffer {
  const payload = `${seq} ${body}`
  return Buffer.from(`${version} ${checksum(payload)} ${payload}\n`)
}

/** The line's seq when it is whole, else undefined. `line` comes without its line end. */
export function seqOf(line: Buffer): number | undefined {
  if (line.length <= payloadAt || line[0] !== version.charCodeAt(0) || line[checksumAt - 1] !== space) return undefined
  const payload = line.subarray(payloadAt)
  if (line.toString('latin1', checksumAt, payloadAt - 1) !== checksum(payload)) return undefined
  const seq = Number(payload.toString('latin1', 0, payload.indexOf(space)))
  return Number.isSafeInteger(seq) && seq > 0 ? seq : undefined
}

/** What `seqOf` found whole; the checksum vouches for the JSON. */
export function bodyOf(line: Buffer): unknown {
  return JSON.parse(line.toString('utf8', line.indexOf(space, payloadAt) + 1))
}

/** True when a newer agent wrote this line: it must be left alone, not cut off as damage. */
export function isFromNewerFormat(line: Buffer): boolean {
  return /^[2-9] [0-9a-f]{8} \d+ [[{]/.test(line.toString('latin1', 0, 40))
}

function checksum(payload: string | Buffer): string {
  return crc32(payload).toString(16).padStart(8, '0')
}
