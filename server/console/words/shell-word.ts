/**
 * A path as one word of a shell's line, whatever stands in it. Undefined when it holds what nobody should paste: control
 * characters, such as a line break.
 */
export function shellWord(path: string): string | undefined {
  if (/\p{C}/u.test(path)) return undefined
  return /^[\w./+:@-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`
}
