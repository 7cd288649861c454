import { createHash } from 'node:crypto'
import { canonicalJson } from '#shared/protocol/canonical.ts'

/*
 * How a line of the audit hangs on the one before (pure): SHA-256 over the line's own words, the hash of its payload and
 * the hash of the line before. Meets: a line that is altered, exchanged or taken out. Not met without a head that left
 * the machine: whoever can write the whole table can compute the whole chain anew.
 */

export interface Line {
  id: string
  number: number
  at: number
  actor: string
  action: string
  target: string
  organisationId: string | null
  payloadHash: string
  previous: string
}

/** What can be told to somebody else: up to this line it was so. Written `<number>:<hash>`. */
export interface Head {
  number: number
  hash: string
}

/** Before the first line. */
export const beginning: Head = { number: 0, hash: '0'.repeat(64) }

export const linkOf = (line: Line): string => sha256(canonicalJson({ v: 1, ...line }))

/** @param salt without which nobody guesses an erased payload. */
export const payloadHashOf = (salt: string, detail: string): string => sha256(`${salt}.${detail}`)

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

export const headText = ({ number, hash }: Head): string => `${number}:${hash}`

/** @returns undefined for what is no head. */
export function readHead(text: string): Head | undefined {
  const [, number, hash] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text.trim()) ?? []
  return number === undefined || hash === undefined ? undefined : { number: Number(number), hash }
}
