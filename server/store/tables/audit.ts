import type { Generated } from 'kysely'

/** One link of the chain; never changed and never removed, by a trigger of the database. */
export interface AuditTable {
  id: string
  at: number
  actor: string
  action: string
  target: string
  organisation_id: string | null
  /** From 1, without a gap. Null, as the three below: written before there was a chain. */
  number: number | null
  payload_hash: string | null
  /** The hash of the line before. */
  previous: string | null
  hash: string | null
}

/** What may name people: it can be erased, and the chain over its hash stays whole. */
export interface AuditPayloadsTable {
  audit_id: string
  /** Without it nobody guesses an erased payload by its hash. */
  salt: string
  /** JSON object. */
  detail: string
}

/** One row, by which writers of the chain take turns. */
export interface AuditHeadsTable {
  id: 'head'
  number: number
  hash: string
}

/** Steps of commands that the database wrote down in the transaction of the step, and that wait for their place in the chain. */
export interface AuditDueTable {
  number: Generated<number>
  command_id: string
  organisation_id: string
  endpoint_id: string
  ticket_id: string | null
  verb: string
  requested_by: string
  reason: string
  status: string
  is_signing: 0 | 1
  at: number | null
  args: string
  /** The very bytes, once there are any. */
  payload: string | null
  jws: string | null
  signatures: string | null
  result: string | null
}

export interface AuditTables {
  audit: AuditTable
  audit_payloads: AuditPayloadsTable
  audit_heads: AuditHeadsTable
  audit_due: AuditDueTable
}
