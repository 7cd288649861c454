import { z } from 'zod'
import { Setting } from '../domain/policy-settings.ts'
import { PolicyContent } from '../protocol/documents/policy.ts'
import { NewSignature } from './commands.ts'

/** PUT /api/policy (power administer, staff of the provider). A bad one is answered 400, each error with its line. */
export const NewPolicy = z.object({ yaml: z.string().min(1).max(500_000) })
/** `waiting`: of how many organisations it waits for an operator's signature. */
export const PolicyKept = z.object({ version: z.number().int(), waiting: z.number().int() })

/** GET /api/policy (staff of the provider): the newest text; null: nobody has put one. */
export const PolicyView = z.object({
  version: z.number().int().nullable(),
  yaml: z.string(),
  author: z.string(),
  createdAt: z.number().int().nullable(),
})

/** GET /api/policy/unsigned: the bytes to sign, beside what is in force. */
export const UnsignedPolicies = z.object({
  policies: z.array(
    z.object({ organisation: z.object({ id: z.string(), name: z.string() }), payload: z.string(), before: PolicyContent.nullable() }),
  ),
})
/** POST /api/policy/signatures */
export const PolicySignature = NewSignature.extend({ organisationId: z.string().max(64) })
export const PolicySigned = z.object({ number: z.number().int(), by: z.string() })

/** GET /api/endpoints/:id/policy: what is in force for it, and which layer says so. */
export const EndpointPolicy = z.object({
  /** 0: what ships. */
  number: z.number().int(),
  issuedAt: z.number().int().nullable(),
  /** The operator; null: the collector. */
  signedBy: z.string().nullable(),
  /** The number by which its agent goes, as it last said; null: it hasn't said. */
  atAgent: z.number().int().nullable(),
  settings: z.array(z.object({ key: z.string(), value: Setting, from: z.string() })),
})
export type EndpointPolicy = z.infer<typeof EndpointPolicy>
