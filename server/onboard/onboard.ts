import { v7 as orderedId } from 'uuid'
import { compareSeverity } from '#shared/domain/severity.ts'
import { isSecurity } from '#shared/domain/signal.ts'
import type { PutRows, Subject, Trouble } from '../pipeline/changes.ts'
import type { Matrix } from '../route/matrix.ts'
import type { Tx } from '../store/store.ts'
import type { FoundLinesTable } from '../store/tables/onboard.ts'

/*
 * A customer's first days. Enters: what a machine that is new to us says in its first day. Leaves: a line of it on the one
 * ticket "as found" of its organisation, to be accepted or turned into a ticket.
 * Promises: a line a machine and trouble; what is security and high or critical never becomes one.
 * Meets: a roll-out of two hundred machines, each with what its last owner had left, on a desk of three.
 */

/** By which the ticket of an organisation is known again. */
export const asFoundFingerprint = 'as-found'

export interface FoundLine {
  organisationId: string
  ticketId: string
  endpointId: string
  signalId: string
  trouble: Pick<Trouble, 'kind' | 'severity' | 'fingerprint' | 'summary'>
}

/** Whether this was there before us, as far as anybody can tell. Only what the machine itself says: we saw the rest happen. */
export function isAsFound(trouble: Trouble, { endpoint }: Subject, { onboarding }: Pick<Matrix, 'onboarding'>, now: number): boolean {
  if (trouble.source !== 'agent' || endpoint?.isNewSince === undefined) return false
  const mayBeAnAttack = isSecurity(trouble.kind) && compareSeverity(trouble.severity, 'medium') > 0
  return !mayBeAnAttack && now - endpoint.isNewSince < onboarding.asFound
}

/** What the ticket that lists them is about. */
export const asFoundTrouble = ({ signalId, summary }: Trouble, hostname: string): Trouble => ({
  ...{ signalId, kind: 'desk.as-found', severity: 'low', state: 'happened', fingerprint: asFoundFingerprint },
  ...{ summary: `As found: ${hostname}: ${summary}`, facts: {}, ageMs: 0, happenedAt: null, source: 'collector', urgency: null },
})

/** What the organisation's ticket is called, however many machines it lists. */
export const asFoundTitle = 'As found: what was true of new machines when they came'

export async function keepLines(tx: Tx, putRows: PutRows, found: readonly FoundLine[], now: number): Promise<void> {
  const lines = firstOfEach(found)
  const rows = lines.map(({ organisationId, ticketId, endpointId, signalId, trouble }): FoundLinesTable => {
    const { kind, severity, fingerprint, summary } = trouble
    const where = { id: orderedId(), organisation_id: organisationId, ticket_id: ticketId, endpoint_id: endpointId }
    return {
      ...where,
      signal_id: signalId,
      ...{ fingerprint, kind, severity, summary, at: now },
      decision: null,
      decided_at: null,
      decided_by: null,
    }
  })
  if (rows.length > 0) await putRows(tx, 'found_lines', rows, 'ignore')
}

/** What comes and goes is one line, and a flood of it is not worth as many statements. */
function firstOfEach(lines: readonly FoundLine[]): FoundLine[] {
  const first = new Map<string, FoundLine>()
  for (const line of lines) {
    const key = `${line.ticketId} ${line.endpointId} ${line.trouble.fingerprint}`
    if (!first.has(key)) first.set(key, line)
  }
  return [...first.values()]
}

/** Those of these lines that nobody has decided on, marked. */
export function decideLines(
  tx: Tx,
  { ticketId, ids, decision, by }: { ticketId: string; ids: readonly string[]; decision: 'accepted' | 'opened'; by: string },
  now: number,
): Promise<FoundLinesTable[]> {
  return tx
    .updateTable('found_lines')
    .set({ decision, decided_at: now, decided_by: by })
    .where('ticket_id', '=', ticketId)
    .where('id', 'in', ids)
    .where('decision', 'is', null)
    .returningAll()
    .execute()
}

/** @returns how many lines ended with these tickets. */
export async function endLinesOf(tx: Tx, ticketIds: readonly string[]): Promise<number> {
  const ended = await tx.deleteFrom('found_lines').where('ticket_id', 'in', ticketIds).executeTakeFirst()
  return Number(ended.numDeletedRows)
}
