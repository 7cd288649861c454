import { compactVerify, importJWK } from 'jose'
import type { z } from 'zod'
import { type Authorities, Succession, succeed, successionType } from '#shared/protocol/authority.ts'
import { documentType, maxDocumentChars } from '#shared/protocol/document.ts'
import type authorities from '#shared/protocol/documents/authorities.ts'

/*
 * The two keys that name operators, as the collector knows them: their public halves, and what each said of the other's
 * successor. It needs them to show who is an operator and to turn away what agents would turn away; the agents' own pins
 * are what counts. Threat: this collector, in somebody else's hands; altering this misleads nobody but its console.
 */

export type Named = z.infer<typeof authorities.content>

/** After every succession that holds. */
export async function pairInForce({ first, successions }: Named): Promise<Authorities> {
  let pair = first
  for (const jws of successions) {
    const opened = await openByAuthority(jws, pair, successionType)
    const said = opened && Succession.safeParse(JSON.parse(new TextDecoder().decode(opened.payload)))
    pair = (said?.success && succeed(pair, said.data, opened?.kid ?? '')) || pair
  }
  return pair
}

/** What one of the pair signed; undefined for whatever they didn't. */
export async function openByAuthority(
  jws: string,
  { keys }: Pick<Authorities, 'keys'>,
  typ: string = documentType,
): Promise<{ payload: Uint8Array; kid: string } | undefined> {
  if (jws.length > maxDocumentChars) return undefined
  for (const { kid, key } of keys) {
    const opened = await compactVerify(jws, await importJWK(key, 'EdDSA'), { algorithms: ['EdDSA', 'Ed25519'] }).catch(() => undefined)
    if (opened?.protectedHeader.typ === typ) return { payload: opened.payload, kid }
  }
  return undefined
}
