/** As Windows takes text: UTF-16 with a zero behind it. */
export const wide = (text: string): Buffer => Buffer.from(`${text.replaceAll('\0', '')}\0`, 'utf16le')

/** Up to the next zero; '' where `from` lies outside. */
export function readWide(bytes: Buffer, from: number): string {
  if (!Number.isSafeInteger(from) || from < 0 || from >= bytes.length) return ''
  let end = from
  while (end + 1 < bytes.length && bytes.readUInt16LE(end) !== 0) end += 2
  return bytes.toString('utf16le', from, end)
}
