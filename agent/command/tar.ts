/** One file of an archive. */
export interface TarFile {
  name: string
  content: Buffer
}

const blockBytes = 512

/** A tar archive (POSIX.1-1988 ustar) of a few small files, readable by their owner alone. @param at epoch ms. */
export function tarOf(files: readonly TarFile[], at: number): Buffer {
  const blocks = files.flatMap(({ name, content }) => [headerOf(name, content.length, at), content, padding(content.length)])
  return Buffer.concat([...blocks, Buffer.alloc(2 * blockBytes)])
}

function headerOf(name: string, bytes: number, at: number): Buffer {
  const header = Buffer.alloc(blockBytes)
  header.write(name, 0, 99, 'utf8')
  header.write('0000600\0', 100)
  header.write('0000000\0', 108)
  header.write('0000000\0', 116)
  header.write(`${octal(bytes)}\0`, 124)
  header.write(`${octal(Math.floor(at / 1_000))}\0`, 136)
  header.write('        ', 148)
  header.write('0', 156)
  header.write('ustar\x0000', 257, 'latin1')
  const sum = header.reduce((before, byte) => before + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return header
}

const octal = (value: number): string => value.toString(8).padStart(11, '0')
const padding = (bytes: number): Buffer => Buffer.alloc((blockBytes - (bytes % blockBytes)) % blockBytes)
