import { compactVerify, decodeProtectedHeader, importJWK } from 'jose'
import type { z } from 'zod'
import { sentenceOf } from '#shared/domain/fault.ts'
import type { AuthorityKey } from '#shared/protocol/authority.ts'
import {
  type DocumentDefinition,
  documentType,
  maxDocumentChars,
  type ReadDocument,
  readPayload,
  verbOfDocument,
} from '#shared/protocol/document.ts'
import type { CommandAuthority } from '#shared/protocol/enrolment.ts'

/** A pinned key, ready to verify: the collector's, with what it may sign, or one of the two that name operators. */
export interface Signer {
  kid: string
  key: Awaited<ReturnType<typeof importJWK>>
  verbs: readonly string[] | 'authority' | 'operator'
}

export type Verdict<Content> = ReadDocument<Content> | { kind: 'forged'; reason: string }

/** An authority whose key can't be read signs nothing; it stops no other. */
export async function readySigners(authorities: readonly CommandAuthority[]): Promise<Signer[]> {
  const signers = authorities.map(async ({ kid, key, verbs }) => ({ kid, key: await importJWK(key, 'EdDSA'), verbs }))
  return (await Promise.allSettled(signers)).flatMap((made) => (made.status === 'fulfilled' ? made.value : []))
}

export const readyAuthorities = (keys: readonly AuthorityKey[]): Promise<Signer[]> =>
  Promise.all(keys.map(async ({ kid, key }) => ({ kid, key: await importJWK(key, 'EdDSA'), verbs: 'authority' as const })))

/** Neither side may sign what is the other's, whatever its list says; which operator may sign what is looked at by its contents. */
export function maySign({ verbs }: Pick<Signer, 'verbs'>, { name, signedBy = 'collector' }: DocumentDefinition): boolean {
  if (verbs === 'operator') return signedBy === 'operator'
  if (verbs === 'authority' || signedBy === 'authority') return verbs === 'authority' && signedBy === 'authority'
  return verbs.includes('*') || verbs.includes(verbOfDocument(name))
}

/** Whether one of our authorities signed this document. Nothing of it is read before its signature holds. */
export async function verifyDocument<Content extends z.ZodType>(
  definition: DocumentDefinition<Content>,
  jws: string,
  signers: readonly Signer[],
): Promise<Verdict<z.infer<Content>>> {
  if (jws.length > maxDocumentChars) return forged('it is longer than any document')
  const header = headerOf(jws)
  if (header?.typ !== documentType) return forged('its header does not say that it is a document')
  const signer = signers.find(({ kid }) => kid === header.kid)
  if (!signer) return forged('no authority of this endpoint has the key it names')
  if (!maySign(signer, definition)) return forged('its key may not sign this document')
  try {
    const { payload } = await compactVerify(jws, signer.key, { algorithms: ['EdDSA', 'Ed25519'] })
    return readPayload(definition, payload)
  } catch (error) {
    return forged(`its signature does not hold: ${sentenceOf(error)}`)
  }
}

const forged = (reason: string) => ({ kind: 'forged', reason }) as const

export const signerOf = (jws: string): string | undefined => headerOf(jws)?.kid

function headerOf(jws: string): ReturnType<typeof decodeProtectedHeader> | undefined {
  try {
    return decodeProtectedHeader(jws)
  } catch {
    return undefined
  }
}
