import { z } from 'zod'
import { firstIssue } from './envelope.ts'

/*
 * What the collector signs once and every agent keeps: a compact JWS (RFC 7515, EdDSA of RFC 8037) over `SignedDocument`,
 * with a `typ` of its own, so that no order passes for a document and no document for an order. `number` only ever rises:
 * whoever has a higher one gives it to the other side, so a collector set back to a backup gets newer ones handed back.
 * Meets: forged and altered ones (the signature), old ones played back (the number), those of another fleet (its
 * authority is pinned by nobody here), huge ones (`maxDocumentChars`, looked at before the signature).
 */

/** Adding a document is a file in documents/ and its name in documents.ts. */
export interface DocumentDefinition<Content extends z.ZodType = z.ZodType> {
  name: string
  content: Content
  /**
   * `authority`: the collector's key counts for nothing here. `operator`: one of the operators, where somebody names them,
   * and the collector elsewhere; such a document is one organisation's. The collector, when absent.
   */
  signedBy?: 'collector' | 'authority' | 'operator'
  /** Of a list that only grows: what a restore forgot is joined to it. @returns undefined when `ours` holds it all. */
  joined?(ours: z.infer<Content>, theirs: z.infer<Content>): z.infer<Content> | undefined
}

export function defineDocument<Content extends z.ZodType>(definition: DocumentDefinition<Content>): DocumentDefinition<Content> {
  return definition
}

export const documentType = 'tierline-document+jws'
/** As much as an order may have; holds the largest list of revocations twice. */
export const maxDocumentChars = 65_536
/** No more kinds of documents than capabilities. */
const maxDocuments = 50

const DocumentName = z.string().min(1).max(50)
const DocumentNumber = z.number().int().positive()

/** By name the number that one side has; 0: none, but it takes one. Names that aren't in it are not wanted. */
export const DocumentNumbers = z
  .record(DocumentName, z.number().int().nonnegative())
  .refine((numbers) => Object.keys(numbers).length <= maxDocuments, `at most ${maxDocuments} documents`)
export type DocumentNumbers = z.infer<typeof DocumentNumbers>

/** Either side's frame: this is newer than what you have. */
export const DocumentFrame = z.object({
  kind: z.literal('document'),
  name: DocumentName,
  number: DocumentNumber,
  jws: z.string().max(maxDocumentChars),
})
export type DocumentFrame = z.infer<typeof DocumentFrame>

/** The signed payload. `content` is what the definition of `name` says. */
export const SignedDocument = z.object({
  v: z.literal(1),
  name: DocumentName,
  number: DocumentNumber,
  /** Collector's clock, epoch ms; for people. */
  issuedAt: z.number().int(),
  content: z.unknown(),
})
export type SignedDocument = z.infer<typeof SignedDocument>

/** What an authority's `verbs` must hold (or `*`) for it to sign this document; no command has a colon in its verb. */
export const verbOfDocument = (name: string): string => `document:${name}`

export type ReadDocument<Content> =
  | { kind: 'document'; document: SignedDocument & { content: Content } }
  | { kind: 'unfit'; reason: string }

/** What a good signature was found to cover → a document of this definition. */
export function readPayload<Content extends z.ZodType>(
  definition: DocumentDefinition<Content>,
  payload: Uint8Array,
): ReadDocument<z.infer<Content>> {
  const signed = SignedDocument.safeParse(parseJson(payload))
  if (!signed.success) return { kind: 'unfit', reason: firstIssue(signed.error) }
  if (signed.data.name !== definition.name) return { kind: 'unfit', reason: 'it is a document of another name' }
  const content = definition.content.safeParse(signed.data.content)
  return content.success
    ? { kind: 'document', document: { ...signed.data, content: content.data } }
    : { kind: 'unfit', reason: `content.${firstIssue(content.error)}` }
}

function parseJson(payload: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(payload)) as unknown
  } catch {
    return undefined
  }
}
