import { randomUUIDv7 } from 'node:crypto'
import type { Kysely } from 'kysely'
import type { Time } from '#shared/domain/time.ts'
import type { Database } from '../store/schema.ts'

/*
 * Enters: who did what to which thing. Leaves: one row, kept until its retention ends and never changed.
 * Promises: inside a caller's transaction the row stands or falls with what it tells of. On failure: throws, so that
 * nothing is changed unseen. Threat: somebody who did it and says they didn't. `detail` never holds a secret; callers
 * name the fields that go in.
 */

export interface AuditEntry {
  /** A person's id, `source:<id>`, or `system`. */
  actor: string
  /** Dotted, as in `ticket.acknowledge`. */
  action: string
  /** `<thing>:<id>`. */
  target: string
  /** null: about the collector, or about all organisations. */
  organisationId: string | null
  detail: Record<string, unknown>
}

export interface Audit {
  /** @param db the collector's store, or a transaction of it. */
  record(db: Kysely<Database>, entry: AuditEntry): Promise<void>
}

export function createAudit({ time }: { time: Time }): Audit {
  return {
    record: async (db, { actor, action, target, organisationId, detail }) => {
      await db
        .insertInto('audit')
        .values({
          id: randomUUIDv7(),
          at: time.now(),
          actor,
          action,
          target,
          organisation_id: organisationId,
          detail: JSON.stringify(detail),
        })
        .execute()
    },
  }
}
