import { importJWK } from 'jose'
import { days } from '#shared/domain/time.ts'
import { maySignLasting, oldestRegisterMs } from '#shared/protocol/authority.ts'
import type { Register } from '#shared/protocol/command-powers.ts'
import { type SignedDocument, verbOfDocument } from '#shared/protocol/document.ts'
import type { Signer } from './verify-document.ts'

/*
 * Documents that are an operator's to sign, of one organisation. Enters: one whose signature holds. Leaves: why it counts
 * for nothing here, or nothing. Meets: whoever runs the collector and has an operator's key of yesterday, another
 * organisation's document, or one that was signed under a register from before somebody was revoked.
 */

export const operatorSigners = async ({ operators }: Register): Promise<Signer[]> => {
  const signers = operators.map(async ({ kid, key }) => ({ kid, key: await importJWK(key, 'EdDSA'), verbs: 'operator' as const }))
  return (await Promise.allSettled(signers)).flatMap((made) => (made.status === 'fulfilled' ? made.value : []))
}

interface Here {
  organisationId: string | undefined
  /** Undefined: the collector signs such documents. */
  by: { register: Register; kid: string | undefined } | undefined
  before: SignedDocument | undefined
}

export function mayBeTaken({ name, issuedAt, content }: SignedDocument, { organisationId, by, before }: Here): string | undefined {
  const meant = (content as { organisationId?: unknown }).organisationId
  if (meant !== organisationId) return 'it is another organisation’s'
  if (!by) return undefined
  const operator = by.register.operators.find(({ kid }) => kid === by.kid)
  if (!operator || !maySignLasting(operator, verbOfDocument(name), String(meant))) return 'whoever signed it may not, for this organisation'
  if (issuedAt >= operator.expiresAt || issuedAt < operator.certifiedAt - days(1))
    return `the certificate of ${operator.name} was not in force`
  if (issuedAt - by.register.issuedAt > oldestRegisterMs) return 'the register of operators is too old to know who was revoked since'
  // An operator's clock, so a day is forgiven; without this a date in the past would revive a certificate.
  return before && issuedAt < before.issuedAt - days(1) ? 'it was signed before the one that is kept' : undefined
}
