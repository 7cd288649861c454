import type { IsolationStatus } from '#shared/domain/endpoint.ts'
import type { Audit } from '../audit/audit.ts'
import { lastRestore } from '../backup/restores.ts'
import { adoptWord, type Known, readKnown, wordOf } from '../command/word.ts'
import { takeAwaited } from '../identity/awaited.ts'
import { raiseWithin } from '../ingest/handled.ts'
import type { Store, Tx } from '../store/store.ts'
import { keepEntries } from '../ticket/ticket.ts'

/*
 * After a restore the agents' word wins: the first time that an endpoint is heard, what it says of its isolation becomes
 * what is wanted of it. What is isolated stays isolated, what was released isn't isolated again, and each difference is a
 * ticket, a line on the tickets that had asked for it, and a line of the audit. What was wanted since the restore holds.
 */

export interface AgentsWord {
  /** Of an endpoint that is awaited, in the transaction that keeps the report, before it is kept. @returns whether there is something for the pipeline. */
  take(tx: Tx, endpointId: string, status: IsolationStatus, now: number): Promise<boolean>
}

export function createAgentsWord({ store, audit }: { store: Store; audit: Audit }): AgentsWord {
  return {
    async take(tx, endpointId, status, now) {
      const since = await takeAwaited(tx, endpointId)
      if (since === undefined) return false
      const known = await readKnown(tx, endpointId, status)
      if (known.desiredAt > since) return false
      const said = wordOf(status, known.verb)
      if (said === known.desired) return false
      if (said !== undefined) await adoptWord(tx, endpointId, said, now)
      await tellDifference(tx, store, audit, { endpointId, status, known, since, isAdopted: said !== undefined }, now)
      return true
    },
  }
}

interface Difference {
  endpointId: string
  status: IsolationStatus
  known: Known
  /** Of the restore. */
  since: number
  isAdopted: boolean
}

async function tellDifference(tx: Tx, store: Store, audit: Audit, difference: Difference, now: number): Promise<void> {
  const { endpointId, status, known, since, isAdopted } = difference
  const about = tx.selectFrom('endpoints').select(['organisation_id as organisationId', 'hostname']).where('id', '=', endpointId)
  const { organisationId, hostname } = await about.executeTakeFirstOrThrow()
  const madeAt = (await lastRestore(tx))?.made_at ?? since
  const words = { said: status.actual, wanted: known.desired }
  if (isAdopted) await sayOnTickets(tx, store, endpointId, { ...words, madeAt }, now)
  const facts = {
    ...{ ...words, hostname, isAdopted, backupOf: iso(madeAt), restoredAt: iso(since), heardAt: iso(now) },
    ...{ wantedSince: known.desiredAt === 0 ? null : iso(known.desiredAt), saidSince: iso(status.since), detail: status.detail ?? null },
  }
  await raiseWithin(tx, { organisationId, endpointId, ...troubleOf(difference, hostname), facts }, now)
  const line = { actor: 'system', action: 'endpoint.agents-word', target: `endpoint:${endpointId}`, organisationId }
  await audit.record(tx, { ...line, detail: { ...words, isAdopted } })
}

/** An open machine that should be cut off is the worse mistake; whether it should is asked of people by its ticket. */
function troubleOf({ status, known, isAdopted }: Difference, hostname: string) {
  const summary = !isAdopted
    ? `${hostname} says that its isolation failed, and this restored collector does not know whether it should be isolated: look at it, then isolate or release it`
    : known.desired === 'isolated'
      ? `${hostname} says that it is not isolated (${status.actual}), though it was to be when the backup was made: it is not isolated again by itself`
      : `${hostname} says that it is isolated (${status.actual}), of which the backup knows nothing: it stays isolated until somebody releases it`
  const severity = isAdopted && known.desired === 'open' ? ('medium' as const) : ('high' as const)
  return { kind: 'security.isolation.differs', fingerprint: 'isolation.differs', severity, summary }
}

/** Those on which containment was decided. */
async function sayOnTickets(tx: Tx, store: Store, endpointId: string, body: Record<string, unknown>, now: number): Promise<void> {
  const tickets = tx.selectFrom('tickets').select('id').where('endpoint_id', '=', endpointId).where('status', '!=', 'resolved')
  const asked = await tickets.where('containment', '!=', 'none').execute()
  const entry = { at: now, kind: 'agents-word' as const, actor: 'agent', body }
  await keepEntries(
    tx,
    store.capabilities.putRows,
    asked.map(({ id }) => ({ ticketId: id, entry })),
  )
}

/** An agent's clock can say anything. */
function iso(at: number): string {
  const date = new Date(at)
  return Number.isNaN(date.getTime()) ? String(at) : date.toISOString()
}
