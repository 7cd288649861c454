import { hash, randomBytes, randomInt } from 'node:crypto'

/** What each kind of secret starts with, so that a leaked one is recognised by people and by scanners. */
export const prefixes = { session: 'tlc_', token: 'tlt_', source: 'tls_' } as const

/** 256 random bits: too many to guess, so a plain SHA-256 of it may be stored. */
export function newSecret(kind: keyof typeof prefixes): string {
  return prefixes[kind] + randomBytes(32).toString('base64url')
}

/** What is stored instead of a secret. */
export function digestOf(secret: string): string {
  return hash('sha256', secret)
}

const consonants = 'bdfghjklmnprstvz'
const vowels = 'aeio'

/** Four words of three syllables, 72 random bits, readable from a terminal and over a telephone. */
export function readablePassword(): string {
  const syllable = (): string => pick(consonants) + pick(vowels)
  const word = (): string => syllable() + syllable() + syllable()
  return [word(), word(), word(), word()].join('-')
}

function pick(letters: string): string {
  return letters.charAt(randomInt(letters.length))
}
