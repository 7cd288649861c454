import type { Kysely } from 'kysely'
import isolateHost from '#shared/commands/isolate-host.ts'
import { urgentVerbs } from '#shared/commands/registry.ts'
import releaseHost from '#shared/commands/release-host.ts'
import type { Database } from '../store/schema.ts'
import type { CommandsTable } from '../store/tables/command.ts'
import { maxAtOnce } from './on-their-way.ts'
import { notSwitchedOff } from './scripts-off.ts'

/**
 * Whether a machine is cut off comes before all else: there whatever came before it would hold it up, such as a look through all processes.
 * An isolation and a release share a rank, so that what was wanted last is done last.
 */
const first: readonly string[] = [isolateHost.verb, releaseHost.verb]
const second: readonly string[] = [...urgentVerbs]

export const mostUrgentFirst = (db: Kysely<Database>) =>
  db
    .selectFrom('commands')
    .selectAll()
    .orderBy((by) => by.case().when('verb', 'in', first).then(0).when('verb', 'in', second).then(1).else(2).end())
    .orderBy('requested_at')
    .orderBy('id')

/** The same of what is at hand, asked for at once. */
export const byUrgency = <Order extends { verb: string }>(orders: readonly Order[]): Order[] =>
  orders.toSorted((a, b) => rankOf(a.verb) - rankOf(b.verb))

const rankOf = (verb: string): number => (first.includes(verb) ? 0 : second.includes(verb) ? 1 : 2)

/** What they have had before, and what is urgent: neither is much. The rest goes out as there is room. */
export const unanswered = (db: Kysely<Database>, endpointIds: string[], now: number): Promise<CommandsTable[]> =>
  mostUrgentFirst(db)
    .where('endpoint_id', 'in', endpointIds)
    .where('settled_at', 'is', null)
    .where(({ eb, or }) => or([eb('jws', 'is not', null), eb('bulk_id', 'is not', null)]))
    .where('expires_at', '>', now)
    .where(({ eb, or }) => or([eb('sent_at', 'is not', null), eb('verb', 'in', [...urgentVerbs])]))
    .execute()

const queued = (db: Kysely<Database>) => db.selectFrom('commands').select('endpoint_id').distinct().where('status', '=', 'queued')

export async function withQueued(db: Kysely<Database>, endpointIds: string[]): Promise<string[]> {
  return (await queued(db).where('endpoint_id', 'in', endpointIds).execute()).map(({ endpoint_id }) => endpoint_id)
}

export async function queuedOf(db: Kysely<Database>, organisationId: string): Promise<string[]> {
  return (await queued(db).where('organisation_id', '=', organisationId).execute()).map(({ endpoint_id }) => endpoint_id)
}

export const nextQueued = (db: Kysely<Database>, endpointId: string, now: number): Promise<CommandsTable[]> =>
  mostUrgentFirst(db)
    .where('endpoint_id', '=', endpointId)
    .where('status', '=', 'queued')
    .where('expires_at', '>', now)
    .where(notSwitchedOff)
    .limit(maxAtOnce)
    .execute()
