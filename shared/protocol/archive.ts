/*
 * How an agent hands over a file that is too large for a record: PUT /archives/<command> at the agents' port, with the same
 * certificate. `Content-Range` (RFC 9110 §14.5, a partial PUT as §14.4 allows among those who agreed on it) says which bytes
 * these are and how many there will be, in one field that every proxy knows; `Repr-Digest` (RFC 9530) names the whole by its
 * SHA-256. HEAD answers `Upload-Offset`, the name that the resumable-uploads draft gives to what has arrived. That draft's
 * own POST and PATCH would add a resource to make, where the command is the resource already.
 */

/** Beyond it nothing is taken. Diagnostics of a busy server are some 2 MB. */
export const maxArchiveBytes = 67_108_864
/** One request: small enough to arrive within the collector's 15 s on a slow line. */
export const archivePieceBytes = 262_144
export const offsetField = 'upload-offset'

export const archivePath = (commandId: string): string => `/archives/${commandId}`

export interface ArchivePiece {
  from: number
  /** How many bytes this piece has. */
  length: number
  /** Of the whole. */
  total: number
  /** Of the whole, hexadecimal. */
  sha256: string
}

export const contentRange = ({ from, length, total }: ArchivePiece): string => `bytes ${from}-${from + length - 1}/${total}`
export const reprDigest = ({ sha256 }: Pick<ArchivePiece, 'sha256'>): string =>
  `sha-256=:${btoa(String.fromCharCode(...(sha256.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16))))}:`

/** Undefined for fields that say nothing, or nonsense. */
export function readPiece(range: string | undefined, digest: string | undefined): ArchivePiece | undefined {
  const [, first, last, size] = /^bytes (\d{1,12})-(\d{1,12})\/(\d{1,12})$/.exec(range ?? '') ?? []
  const [, base64] = /^sha-256=:([A-Za-z0-9+/]{43}=):$/.exec(digest ?? '') ?? []
  if (first === undefined || last === undefined || size === undefined || base64 === undefined) return undefined
  const [from, to, total] = [Number(first), Number(last), Number(size)]
  if (to < from || to >= total) return undefined
  const sha256 = [...atob(base64)].map((char) => char.charCodeAt(0).toString(16).padStart(2, '0')).join('')
  return { from, length: to - from + 1, total, sha256 }
}
