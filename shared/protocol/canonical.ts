/*
 * The one byte form of whatever is signed: JSON without spaces, the names of each object in the order of their UTF-16
 * units, numbers and strings as JSON.stringify writes them (RFC 8785). Two people who see the same values sign the same
 * bytes, and what was shown can't mean anything else to a machine.
 * Meets: a name written twice, of which one reader takes the first and another the last; spaces and escapes that hide a word.
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((each) => canonicalJson(each ?? null)).join(',')}]`
  if (typeof value !== 'object' || value === null) return primitive(value)
  const named = Object.entries(value).filter(([, each]) => each !== undefined)
  return `{${named
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, each]) => `${JSON.stringify(name)}:${canonicalJson(each)}`)
    .join(',')}}`
}

/** Whether this text is what its own value would have been written as. */
export function isCanonicalJson(text: string): boolean {
  try {
    return canonicalJson(JSON.parse(text)) === text
  } catch {
    return false
  }
}

function primitive(value: unknown): string {
  const text = JSON.stringify(value)
  if (text === undefined || (typeof value === 'number' && !Number.isFinite(value))) throw new TypeError('this value can’t be signed')
  return text
}
