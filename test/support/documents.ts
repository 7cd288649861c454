import { CompactSign, calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose'
import { type DocumentFrame, documentType, type SignedDocument } from '#shared/protocol/document.ts'
import type { CommandAuthority } from '#shared/protocol/enrolment.ts'

/** A key that signs documents, or whatever a test wants instead. */
export interface TestSigner {
  /** As agents pin it. */
  authority: CommandAuthority
  sign(payload: unknown, header?: { typ?: string; kid?: string }): Promise<string>
  frame(name: string, number: number, content: unknown, header?: { typ?: string; kid?: string }): Promise<DocumentFrame>
}

export async function testSigner(verbs: string[] = ['*']): Promise<TestSigner> {
  const { privateKey, publicKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true })
  const key = { kty: 'OKP' as const, crv: 'Ed25519' as const, x: (await exportJWK(publicKey)).x ?? '' }
  const kid = await calculateJwkThumbprint(key)
  const sign: TestSigner['sign'] = (payload, header = {}) =>
    new CompactSign(new TextEncoder().encode(JSON.stringify(payload)))
      .setProtectedHeader({ alg: 'EdDSA', typ: documentType, kid, ...header })
      .sign(privateKey)
  return {
    authority: { kid, key, verbs },
    sign,
    frame: async (name, number, content, header) => {
      const document: SignedDocument = { v: 1, name, number, issuedAt: 1_700_000_000_000, content }
      return { kind: 'document', name, number, jws: await sign(document, header) }
    },
  }
}

export const listOf = (...collectors: string[]) => ({ collectors })

/** The same with one character of its content changed. */
export function altered(frame: DocumentFrame): DocumentFrame {
  const [header = '', payload = '', signature = ''] = frame.jws.split('.')
  const at = Math.floor(payload.length / 2)
  const other = payload[at] === 'A' ? 'B' : 'A'
  return { ...frame, jws: [header, payload.slice(0, at) + other + payload.slice(at + 1), signature].join('.') }
}
