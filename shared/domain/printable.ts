/** A name that somebody else chose, as one line that no terminal obeys and that reads in the order in which it stands. */
export const printable = (text: string): string => text.replace(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/gu, '�')
