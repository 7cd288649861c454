/** A name that somebody else chose, as one line that no terminal obeys and that reads in the order in which it stands. */
export const printable = (text: string): string => text.replace(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/gu, '�')

/** A name whose bytes are no UTF-8, each broken one half a surrogate pair, for people: as a shell would take it, `\xff`. */
export const shownName = (name: string): string =>
  name.replace(/[\udc80-\udcff]/gu, (half) => `\\x${(half.charCodeAt(0) - 0xdc00).toString(16)}`)
