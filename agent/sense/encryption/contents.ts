import { constants, gunzipSync, inflateSync } from 'node:zlib'

/**
 * Whether a file's bytes still say something to somebody: `readable` by its form, `unreadable` as what encryption leaves, `sealed` when it
 * says itself that it is encrypted (an archive may then hold any number of files), `unclear` when there is too little of it. Archives that
 * open without a password are readable.
 */
export type Readability = 'readable' | 'sealed' | 'unreadable' | 'unclear'

/** What is looked at of each file. */
export const sampleBytes = 65_536

/** In hexadecimal, beginnings of what encrypts on purpose: OpenSSL's Salted__, age, PGP armoured and binary (RFC 9580, tags 1 and 3), LUKS, AxCrypt. */
const sealed =
  '53616c7465645f5f 6167652d656e6372797074696f6e 2d2d2d2d2d424547494e20504750204d455353414745 2d2d2d2d2d424547494e20414745 ' +
  '8400 8401 8402 8403 8500 8501 8502 8503 8c0d c100 c101 c102 c30d 4c554b53babe c0b9072e'

/** Beginnings of formats that people and programs read; dots stand for anything. What is only text needs none. */
const forms =
  // Documents and pictures; sound and film.
  '255044462d 89504e470d0a ffd8ff 47494638 52494646 49492a00 4d4d002a 424d 00000100 38425053 d0cf11e0 504d4f43 ' +
  '........66747970 494433 fffb fff3 fff2 ffe3 4f676753 664c6143 1a45dfa3 464c5601 3026b275 ' +
  // Databases, programs, fonts.
  '53514c69746520666f726d61742033 7f454c46 4d5a cafebabe feedfa 0061736d 774f4646 774f4632 0001000000 4f54544f 50415231 89484446 ' +
  // Archives that have no password of their own: bzip2, xz, zstd, lz4, lzip, compress, ar, rpm, RAR; what git and Python keep.
  '425a68 fd377a585a00 28b52ffd 04224d18 4c5a4950 1f9d 213c617263683e edabeedb 526172211a07 5041434b ff744f63 52494458 4249544d 44495243 8002 8003 8004 8005'

const fitting = (beginnings: string): RegExp => new RegExp(`^(?:${beginnings.split(' ').join('|')})`)
const isSealed = fitting(sealed)
const hasForm = fitting(forms)
const tarMark = Buffer.from('ustar')

/** @param head the file's first bytes, `sampleBytes` of them or all there are. */
export function readabilityOf(head: Buffer): Readability {
  // A handful of bytes is as likely one thing as the other.
  if (head.length < 32 || head.every((byte) => byte === 0)) return 'unclear'
  const start = head.toString('hex', 0, 32)
  if (start.startsWith('504b0304')) return (head.readUInt16LE(6) & 1) === 1 ? 'sealed' : 'readable'
  if (start.startsWith('377abcaf271c')) return sevenZip(head)
  if (start.startsWith('1f8b')) return opens(() => gunzipSync(head, partial)) ? 'readable' : 'unreadable'
  if (isSealed.test(start) && (start.startsWith('2d') || isRandom(head.subarray(32)))) return 'sealed'
  if (hasForm.test(start) || isText(head) || head.subarray(257, 262).equals(tarMark) || isZlib(head)) return 'readable'
  return isRandom(head) ? 'unreadable' : 'readable'
}

/** What is cut off at the sample's end is no error. */
const partial = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: 16_777_216 }

const isZlib = (head: Buffer): boolean =>
  ((head[0] ?? 0) & 0x0f) === 8 && head.readUInt16BE(0) % 31 === 0 && opens(() => inflateSync(head, partial))

function opens(unpack: () => unknown): boolean {
  try {
    unpack()
    return true
  } catch (error) {
    // More than anybody needs came out of it: it opens.
    return error instanceof RangeError
  }
}

/**
 * 7-Zip packs its own directory, and with it the word for AES; so its first packed stream is asked, behind 32 bytes of header.
 * LZMA begins with a zero byte, LZMA2 with chunks that lead to each other (7-Zip's lzma-specification and Lzma2Dec.c), others with their name.
 */
function sevenZip(head: Buffer): Readability {
  if (head.length < 48) return 'unclear'
  if (head.includes(Buffer.from('06f10701', 'hex'))) return 'sealed'
  const packedBytes = Number(head.readBigUInt64LE(12))
  // Behind what is packed, the directory's own description is plain, and weighs in a small archive.
  const stream = head.subarray(32, 32 + Math.max(32, packedBytes))
  const isOpen = stream[0] === 0 || leadsOn(stream, packedBytes) || stream.toString('latin1', 0, 3) === 'BZh' || !isRandom(stream)
  return isOpen ? 'readable' : 'sealed'
}

/** @param allBytes how long all packed streams are together, as the header says; random sizes lead beyond it, or to no chunk. */
function leadsOn(stream: Buffer, allBytes: number): boolean {
  let at = 0
  for (let chunk = 0; at < stream.length; chunk += 1) {
    const control = stream[at] ?? 0
    if (control === 0) return chunk > 0
    const isPacked = control >= 0x80
    if (chunk === 0 ? control !== 1 && control < 0xe0 : !isPacked && control > 2) return false
    if (at + 5 > stream.length) return true
    const bytes = stream.readUInt16BE(at + (isPacked ? 3 : 1)) + 1
    if (control >= 0xc0 && (stream[at + 5] ?? 0) > 224) return false
    // What would be longer packed than unpacked is stored as it is.
    if (isPacked && (((control & 0x1f) << 16) | stream.readUInt16BE(at + 1)) + 1 < bytes) return false
    at += bytes + (isPacked ? (control >= 0xc0 ? 6 : 5) : 3)
    if (at >= allBytes) return false
  }
  return true
}

/** UTF-8, UTF-16 or an older code page: letters, lines, and hardly a control character. */
function isText(bytes: Buffer): boolean {
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) return !isRandom(bytes)
  let plain = 0
  let odd = 0
  // Node walks a buffer by its iterator ten times as long.
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0
    if ((byte >= 0x20 && byte < 0x7f) || (byte >= 8 && byte <= 13) || byte === 0x1b) plain += 1
    else if (byte < 0x80) odd += 1
  }
  // Of random bytes, a third are plain and an eighth odd.
  return odd === 0 ? plain > 0 : odd / bytes.length < 0.01 && plain / bytes.length > 0.7
}

/**
 * Pearson's chi-square of single bytes against an even spread: 255 on average, with a deviation of 23, whatever the length. Random
 * bytes stay below 400; deflate, JPEG and machine code don't.
 */
function isRandom(bytes: Buffer): boolean {
  const counts = new Uint32Array(256)
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0
    counts[byte] = (counts[byte] ?? 0) + 1
  }
  const expected = bytes.length / 256
  let sum = 0
  for (const count of counts) sum += (count - expected) ** 2
  return sum / expected < 400
}
