import { randomUUIDv7 } from 'node:crypto'
import { days } from '#shared/domain/time.ts'
import type { Matrix } from '../route/matrix.ts'
import type { Tx } from '../store/store.ts'
import type { TicketsTable } from '../store/tables/ticket.ts'
import { hastenOf } from './keep.ts'
import { mayWait } from './suppress.ts'

/** Whom "this is noise" is said of, and of what: this very trouble, or everything of its kind. */
export interface NewException {
  scope: 'endpoint' | 'tag' | 'organisation'
  tag: string | null
  what: 'same' | 'kind'
  /** null: as long as the matrix says. */
  until: number | null
  reason: string
}

type Ticket = Pick<TicketsTable, 'id' | 'organisation_id' | 'endpoint_id' | 'kind' | 'fingerprint' | 'severity'>

/** Why this can't be called noise; undefined: it can. */
export function whyNotNoise(
  ticket: Ticket,
  { scope, tag, until }: Pick<NewException, 'scope' | 'tag' | 'until'>,
  { exceptions }: Pick<Matrix, 'exceptions'>,
  now: number,
): string | undefined {
  if (!mayWait(ticket))
    return 'Security, requests of people and troubles of the collector are no noise: resolve it, as a false alarm if it was one.'
  if (scope === 'endpoint' && ticket.endpoint_id === null) return 'This ticket is about no machine: except its organisation, or resolve it.'
  if (scope === 'tag' && tag === null) return 'Say which tag.'
  if (until === null) return undefined
  const isWithin = until > now && until <= now + exceptions.longest
  return isWithin ? undefined : `Say until when: an instant to come, within ${Math.floor(exceptions.longest / days(1))} days.`
}

const placeOf = ({ scope, tag }: NewException, ticket: Ticket): string =>
  (scope === 'organisation' ? ticket.organisation_id : scope === 'tag' ? tag : ticket.endpoint_id) ?? ''

export async function keepException(
  tx: Tx,
  ticket: Ticket,
  exception: NewException,
  personId: string,
  { exceptions }: Pick<Matrix, 'exceptions'>,
  now: number,
): Promise<string> {
  const { scope, what, until, reason } = exception
  const id = randomUUIDv7()
  await tx
    .insertInto('noise_exceptions')
    .values({
      ...{ id, organisation_id: ticket.organisation_id, scope, scope_value: placeOf(exception, ticket), kind: ticket.kind },
      ...{ fingerprint: what === 'same' ? ticket.fingerprint : null, severity: ticket.severity, process_sha256: null },
      ...{ ticket_id: ticket.id, reason, created_by: personId, created_at: now, until_at: until ?? now + exceptions.lasts },
      ...{ ended_at: null, ended_by: null },
    })
    .execute()
  return id
}

/** The programs that a false alarm was about: what they do is no news on this machine for a while. */
export async function exceptPrograms(
  tx: Tx,
  ticket: Ticket,
  hashes: readonly string[],
  { personId, reason }: { personId: string; reason: string },
  { falseAlarms }: Pick<Matrix, 'falseAlarms'>,
  now: number,
): Promise<void> {
  for (const hash of hashes)
    await tx
      .insertInto('noise_exceptions')
      .values({
        ...{ id: randomUUIDv7(), organisation_id: ticket.organisation_id, scope: 'endpoint', scope_value: ticket.endpoint_id ?? '' },
        ...{ kind: ticket.kind, fingerprint: null, severity: ticket.severity, process_sha256: hash, ticket_id: ticket.id, reason },
        ...{ created_by: personId, created_at: now, until_at: now + falseAlarms.exceptsProgram, ended_at: null, ended_by: null },
      })
      .execute()
}

/** What it spared and is still true is due now. @returns false: it had ended. */
export async function endException(tx: Tx, id: string, personId: string, now: number): Promise<boolean> {
  const ended = await tx
    .updateTable('noise_exceptions')
    .set({ ended_at: now, ended_by: personId })
    .where('id', '=', id)
    .where('ended_at', 'is', null)
    .where('until_at', '>', now)
    .executeTakeFirst()
  if (ended.numUpdatedRows === 0n) return false
  await hastenOf(tx, id, now)
  return true
}
