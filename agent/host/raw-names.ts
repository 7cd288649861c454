import { isUtf8 } from 'node:buffer'

/*
 * Names as the kernel has them: any bytes but a slash and a zero. Enters: bytes. Leaves: a string that stands for these bytes and no others,
 * and leads back to them; where they are no UTF-8, each broken byte is half a surrogate pair, which no other name can hold (as Python's
 * surrogateescape has it). Threat: a name that no reader can write down is a place to hide in.
 */
const halfPair = 0xdc00
const lengthByLead = (lead: number): number => (lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4)

export function nameOf(bytes: Buffer): string {
  const text = bytes.toString('utf8')
  if (isUtf8(bytes)) return text
  let name = ''
  for (let at = 0; at < bytes.length; ) {
    const lead = bytes[at] ?? 0
    const character = bytes.subarray(at, at + lengthByLead(lead))
    const isWhole = isUtf8(character)
    name += isWhole ? character.toString('utf8') : String.fromCharCode(halfPair + lead)
    at += isWhole ? character.length : 1
  }
  return name
}

/** What a system call takes. */
export const bytesOf = (name: string): string | Buffer =>
  name.isWellFormed()
    ? name
    : Buffer.concat([...name].map((each) => (each.isWellFormed() ? Buffer.from(each) : Buffer.of(each.charCodeAt(0) - halfPair))))
