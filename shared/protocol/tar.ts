/** A tar archive (POSIX.1-1988 ustar) of regular files with short plain names, readable by their owner alone. */

export interface TarFile {
  /** Letters, digits, `_`, `-` and `.`, in folders or not; under 100 characters. */
  name: string
  content: Buffer
}

const blockBytes = 512
/** A ticket has fewer pieces of evidence; each is a file. */
const mostFiles = 1_000_000

/** @param at epoch ms. @throws RangeError for a name that isn't plain. */
export function writeTar(files: readonly TarFile[], at: number): Buffer {
  const blocks = files.flatMap(({ name, content }) => [headerOf(name, content.length, at), content, padding(content.length)])
  return Buffer.concat([...blocks, Buffer.alloc(2 * blockBytes)])
}

/** @throws RangeError with what is wrong, for whatever `writeTar` does not write. */
export function readTar(archive: Buffer): TarFile[] {
  const files: TarFile[] = []
  for (let at = 0; ; ) {
    const header = archive.subarray(at, at + blockBytes)
    if (header.length < blockBytes) throw new RangeError('it ends in the middle')
    if (header.every((byte) => byte === 0)) return files
    const { name, bytes } = readHeader(header)
    const content = archive.subarray(at + blockBytes, at + blockBytes + bytes)
    if (content.length < bytes) throw new RangeError('it ends in the middle')
    if (files.length >= mostFiles) throw new RangeError('it holds too many files')
    files.push({ name, content })
    at += blockBytes + bytes + padding(bytes).length
  }
}

function readHeader(header: Buffer): { name: string; bytes: number } {
  const [name, bytes] = [textAt(header, 0, 100), Number.parseInt(textAt(header, 124, 12), 8)]
  if (header[156] !== 0x30 || !Number.isSafeInteger(bytes) || !isPlainName(name))
    throw new RangeError('it holds something that is no plain file')
  if (checksum(header) !== Number.parseInt(textAt(header, 148, 8), 8)) throw new RangeError(`the head of ${name} was altered`)
  return { name, bytes }
}

function headerOf(name: string, bytes: number, at: number): Buffer {
  if (!isPlainName(name)) throw new RangeError(`“${name}” can’t be the name of a file in an archive`)
  const header = Buffer.alloc(blockBytes)
  const fields: [number, string][] = [
    [0, name],
    [100, '0000600\0'],
    [108, '0000000\0'],
    [116, '0000000\0'],
  ]
  for (const [offset, text] of fields) header.write(text, offset)
  header.write(`${octal(bytes)}\0`, 124)
  header.write(`${octal(Math.floor(at / 1_000))}\0`, 136)
  header.write('0', 156)
  header.write('ustar\x0000', 257, 'latin1')
  header.write(`${checksum(header).toString(8).padStart(6, '0')}\0 `, 148)
  return header
}

/** Of a header, its own field read as spaces. */
const checksum = (header: Buffer): number => header.reduce((sum, byte, at) => sum + (at >= 148 && at < 156 ? 0x20 : byte), 0)
const isPlainName = (name: string): boolean => /^[\w-][\w.-]*(?:\/[\w-][\w.-]*)*$/.test(name) && name.length < 100
const textAt = (header: Buffer, from: number, length: number): string => header.toString('latin1', from, from + length).split('\0')[0] ?? ''
const octal = (value: number): string => value.toString(8).padStart(11, '0')
const padding = (bytes: number): Buffer => Buffer.alloc((blockBytes - (bytes % blockBytes)) % blockBytes)
