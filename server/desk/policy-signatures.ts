import { compactVerify, decodeProtectedHeader, importJWK } from 'jose'
import { maySignLasting } from '#shared/protocol/authority.ts'
import type { Register } from '#shared/protocol/command-powers.ts'
import { documentType, maxDocumentChars, readPayload, type SignedDocument, verbOfDocument } from '#shared/protocol/document.ts'
import policyDocument, { type PolicyContent } from '#shared/protocol/documents/policy.ts'

/** What an operator who may sign policies of this organisation signed; undefined for whatever they didn't. */
export async function openSigned(
  jws: string,
  { operators }: Register,
  organisationId: string,
): Promise<{ document: SignedDocument & { content: PolicyContent }; by: string } | undefined> {
  if (jws.length > maxDocumentChars) return undefined
  try {
    const { kid, typ } = decodeProtectedHeader(jws)
    const operator = operators.find((each) => each.kid === kid)
    if (!operator || typ !== documentType || !maySignLasting(operator, verbOfDocument(policyDocument.name), organisationId))
      return undefined
    const { payload } = await compactVerify(jws, await importJWK(operator.key, 'EdDSA'), { algorithms: ['EdDSA', 'Ed25519'] })
    const read = readPayload(policyDocument, payload)
    if (read.kind === 'unfit' || read.document.issuedAt >= operator.expiresAt) return undefined
    return { document: read.document, by: operator.name }
  } catch {
    // Whatever a stranger sent: why it is no signature is nobody's business.
    return undefined
  }
}

/** What a document of our own database says. It was verified before it was kept, and agents verify it again. */
export function contentOf(jws: string): PolicyContent | undefined {
  const read = readPayload(policyDocument, Buffer.from(jws.split('.')[1] ?? '', 'base64url'))
  return read.kind === 'document' ? read.document.content : undefined
}
