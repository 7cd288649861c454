const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/** One character for each byte, as `wide` and its like leave them; other texts are UTF-8. */
export function bytesOf(text: string, isBytes: boolean): Uint8Array {
  return isBytes ? Uint8Array.from(text, (char) => char.charCodeAt(0)) : new TextEncoder().encode(text)
}

export function base64(bytes: Uint8Array): string {
  let out = ''
  for (let at = 0; at < bytes.length; at += 3) {
    const [first = 0, second, third] = bytes.subarray(at, at + 3)
    const bits = (first << 16) | ((second ?? 0) << 8) | (third ?? 0)
    out += `${alphabet[bits >> 18]}${alphabet[(bits >> 12) & 63]}`
    out += `${second === undefined ? '=' : alphabet[(bits >> 6) & 63]}${third === undefined ? '=' : alphabet[bits & 63]}`
  }
  return out
}

/** How bytes look in Base64 when none, one or two bytes stand before them: only the characters that they alone decide. */
export function base64Offsets(bytes: Uint8Array): string[] {
  const undecidedAtStart = [0, 2, 3]
  const undecidedAtEnd = [0, 3, 2]
  return undecidedAtStart.map((skip, offset) => {
    const shifted = new Uint8Array(offset + bytes.length)
    shifted.set(bytes, offset)
    const encoded = base64(shifted)
    return encoded.slice(skip, encoded.length - (undecidedAtEnd[shifted.length % 3] ?? 0))
  })
}

/** Each unit as two characters, each of which stands for a byte. */
export function utf16(text: string, isBigEndian: boolean): string {
  let out = ''
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    const [high, low] = [String.fromCharCode(code >> 8), String.fromCharCode(code & 255)]
    out += isBigEndian ? high + low : low + high
  }
  return out
}
