import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

/** What an answer by mail is known again by: the ticket's number, and proof that we named it to whoever answers. */
export interface TicketTokens {
  tokenOf(ticketNumber: number): string
  /** Of the first token in a text that is one of ours; undefined: there is none. */
  numberIn(text: string): number | undefined
}

/** 60 bits, in hexadecimal, which every mail program leaves alone: a mailbox takes a few guesses a minute, and a guessed token still needs a known sender. */
const proofLength = 15

export function createTicketTokens(key: string): TicketTokens {
  const proofOf = (number: number): string => createHmac('sha256', key).update(`ticket ${number}`).digest('hex').slice(0, proofLength)
  const isProof = (number: number, proof: string): boolean => timingSafeEqual(Buffer.from(proof), Buffer.from(proofOf(number)))
  return {
    tokenOf: (number) => `${number}-${proofOf(number)}`,
    numberIn(text) {
      for (const [, digits, proof = ''] of text.matchAll(/\b(\d{1,12})-([0-9a-f]{15})\b/g)) {
        if (isProof(Number(digits), proof)) return Number(digits)
      }
      return undefined
    },
  }
}

/** A new one for `keys/`, which a backup holds too: answers to old mails still find their way after a restore. */
export const newTicketKey = (): string => randomBytes(32).toString('base64url')
