import { describe, expect, it, vi } from 'vitest'
import { headerBytes, newSeal, seal, sealOf, unseal } from '../../../server/backup/sealed.ts'

// Every passphrase costs half a second and 128 MiB on purpose, and more beside busy neighbours.
vi.setConfig({ testTimeout: 60_000 })

const passphrase = 'four words that nobody says'
const piece = 65_536
const sealedPiece = piece + 16

async function* streamOf(bytes: Buffer, step = 10_000): AsyncGenerator<Buffer> {
  for (let from = 0; from < bytes.length; from += step) yield bytes.subarray(from, from + step)
}

async function whole(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of stream) parts.push(part)
  return Buffer.concat(parts)
}

const newFile = await newSeal(passphrase)
const sealOnce = (plain: Buffer): Promise<Buffer> => whole(seal(newFile, streamOf(plain)))
const open = (sealed: Buffer): Promise<Buffer> => whole(unseal(newFile, streamOf(sealed.subarray(headerBytes))))
const plain = Buffer.alloc(2 * piece + 100, 'what the collector knows ')

describe('a sealed stream', () => {
  it.each([0, 1, piece - 1, piece, piece + 1, 2 * piece])('of %i bytes opens again', async (length) => {
    expect(await open(await sealOnce(plain.subarray(0, length)))).toEqual(plain.subarray(0, length))
  })

  it('shows nothing of what is in it', async () => {
    expect((await sealOnce(plain)).includes('the collector')).toBe(false)
  })

  it('opens with its passphrase, and with no other', async () => {
    const sealed = await sealOnce(plain)
    const [header, body] = [sealed.subarray(0, headerBytes), sealed.subarray(headerBytes)]
    expect(await whole(unseal(await sealOf(header, passphrase), streamOf(body)))).toEqual(plain)
    const other = await sealOf(header, `${passphrase}!`)
    await expect(whole(unseal(other, streamOf(body)))).rejects.toThrow('The passphrase does not open this backup')
  })

  it.each([
    ['cut off within a piece', (sealed: Buffer) => sealed.subarray(0, -1)],
    ['cut off between two pieces', (sealed: Buffer) => sealed.subarray(0, headerBytes + sealedPiece)],
    ['cut off behind its header', (sealed: Buffer) => sealed.subarray(0, headerBytes)],
    ['longer than it was', (sealed: Buffer) => Buffer.concat([sealed, Buffer.from('x')])],
    ['with two pieces swapped', (sealed: Buffer) => swapped(sealed)],
    ['with one bit turned', (sealed: Buffer) => turned(sealed, headerBytes + sealedPiece + 5)],
  ])('does not open %s', async (_how, change) => {
    await expect(open(change(await sealOnce(plain)))).rejects.toThrow('Nothing was written.')
  })

  it('is no backup when it does not begin like one', async () => {
    await expect(sealOf(Buffer.alloc(headerBytes), passphrase)).rejects.toThrow('is no backup of Tierline')
    await expect(sealOf(Buffer.from('short'), passphrase)).rejects.toThrow('is no backup of Tierline')
  })
})

function swapped(sealed: Buffer): Buffer {
  const at = (number: number): Buffer =>
    sealed.subarray(headerBytes + number * sealedPiece, Math.min(sealed.length, headerBytes + (number + 1) * sealedPiece))
  return Buffer.concat([sealed.subarray(0, headerBytes), at(1), at(0), at(2)])
}

function turned(sealed: Buffer, at: number): Buffer {
  const changed = Buffer.from(sealed)
  changed.writeUInt8(changed.readUInt8(at) ^ 1, at)
  return changed
}
