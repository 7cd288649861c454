/** Text as every database stores it: PostgreSQL takes neither NUL nor half a surrogate pair. Inside JSON both are escaped already. */
export const plainText = (text: string): string => text.toWellFormed().replaceAll('\0', '\ufffd')
