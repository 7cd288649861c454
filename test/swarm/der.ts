/** As much of DER (X.690) as it takes to put a certificate together again. */

export const sequence = (...parts: Buffer[]): Buffer => tag(0x30, Buffer.concat(parts))
export const integer = (bytes: Buffer): Buffer => tag(0x02, bytes)

/** Type, length, content. */
export function tag(type: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.of(type), lengthOf(content), content])
}

function lengthOf({ length }: Buffer): Buffer {
  if (length < 0x80) return Buffer.of(length)
  if (length < 0x100) return Buffer.of(0x81, length)
  return Buffer.of(0x82, length >> 8, length & 0xff)
}

/** What stands in a sequence, each with its type and length. */
export function values(whole: Buffer): Buffer[] {
  const { contentAt, endAt } = span(whole, 0)
  const found: Buffer[] = []
  for (let at = contentAt; at < endAt; ) {
    const end = span(whole, at).endAt
    found.push(whole.subarray(at, end))
    at = end
  }
  return found
}

function span(whole: Buffer, at: number): { contentAt: number; endAt: number } {
  const first = whole.readUInt8(at + 1)
  if (first < 0x80) return { contentAt: at + 2, endAt: at + 2 + first }
  const digits = first & 0x7f
  const contentAt = at + 2 + digits
  return { contentAt, endAt: contentAt + whole.readUIntBE(at + 2, digits) }
}
