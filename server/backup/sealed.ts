import { createCipheriv, createDecipheriv, randomBytes, scrypt } from 'node:crypto'
import { Fault } from '#shared/domain/fault.ts'

/*
 * A sealed stream: 18 bytes that name the format, 32 of salt, then pieces of 64 KiB, each AES-256-GCM with its tag behind
 * it. A piece's nonce is its number and whether it is the last, as in STREAM (Hoang, Reyhanitabar, Rogaway, Vizár 2015):
 * pieces that were altered, swapped, repeated or cut off don't open. The key is scrypt's, and its salt is used once.
 */

const magic = Buffer.from('tierline-backup-1\n')
const saltBytes = 32
export const headerBytes = magic.length + saltBytes
const pieceBytes = 65_536
const tagBytes = 16
/** N=2^17, r=8, p=1: what OWASP recommends. It takes 128 MiB and about half a second. */
const hardness = { N: 2 ** 17, r: 8, p: 1, maxmem: 2 ** 28 }

export interface Seal {
  /** Opens the stream and is bound to each of its pieces. */
  header: Buffer
  key: Buffer
}

export const newSeal = (passphrase: string): Promise<Seal> => sealOf(Buffer.concat([magic, randomBytes(saltBytes)]), passphrase)

/** @throws Fault `backup-unreadable` when these bytes open no backup. */
export async function sealOf(header: Buffer, passphrase: string): Promise<Seal> {
  const isOurs = header.length === headerBytes && header.subarray(0, magic.length).equals(magic)
  if (!isOurs) throw new Fault('backup-unreadable', 'The file is no backup of Tierline that this version can read.')
  return { header, key: await deriveKey(passphrase, header.subarray(magic.length)) }
}

/** Plain bytes → header and sealed pieces. A seal is good for one stream. */
export async function* seal({ header, key }: Seal, plain: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield header
  let count = 0
  for await (const { piece, isLast } of inPieces(plain, pieceBytes)) {
    const cipher = createCipheriv('aes-256-gcm', key, nonce(count++, isLast)).setAAD(header)
    yield Buffer.concat([cipher.update(piece), cipher.final(), cipher.getAuthTag()])
  }
}

/** Sealed pieces, without the header → plain bytes, each authenticated before it leaves; complete only when it ends by itself. */
export async function* unseal({ header, key }: Seal, sealed: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let count = 0
  for await (const { piece, isLast } of inPieces(sealed, pieceBytes + tagBytes)) {
    yield openPiece({ header, key }, piece, count++, isLast)
  }
}

function openPiece({ header, key }: Seal, piece: Buffer, count: number, isLast: boolean): Buffer {
  try {
    const tag = piece.subarray(piece.length - tagBytes)
    const decipher = createDecipheriv('aes-256-gcm', key, nonce(count, isLast), { authTagLength: tagBytes }).setAAD(header).setAuthTag(tag)
    return Buffer.concat([decipher.update(piece.subarray(0, piece.length - tagBytes)), decipher.final()])
  } catch (cause) {
    const why = count === 0 ? 'The passphrase does not open this backup, or the file was altered.' : 'The backup was altered or cut off.'
    throw new Fault('backup-unreadable', `${why} Nothing was written.`, { cause })
  }
}

function nonce(count: number, isLast: boolean): Buffer {
  const bytes = Buffer.alloc(12)
  bytes.writeUInt32BE(count, 7)
  bytes.writeUInt8(isLast ? 1 : 0, 11)
  return bytes
}

/** Regroups a stream; every piece but the last is full, and there is always a last one. */
async function* inPieces(source: AsyncIterable<Buffer>, bytes: number): AsyncGenerator<{ piece: Buffer; isLast: boolean }> {
  let kept: Buffer = Buffer.alloc(0)
  for await (const chunk of source) {
    kept = Buffer.concat([kept, chunk])
    for (; kept.length > bytes; kept = kept.subarray(bytes)) yield { piece: kept.subarray(0, bytes), isLast: false }
  }
  yield { piece: kept, isLast: true }
}

function deriveKey(passphrase: string, salt: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(passphrase.normalize('NFC'), salt, 32, hardness, (error, key) => (error ? reject(error) : resolve(key)))
  })
}
