import { type Kysely, sql } from 'kysely'
import type { Database } from '../store/schema.ts'
import type { Tx } from '../store/store.ts'

/** A trouble of one machine, or (without a fingerprint) a kind on many machines of one organisation, that came too often. */
export interface Recurrence {
  organisationId: string
  endpointId: string | null
  fingerprint: string | null
  kind: string
  /** Of the newest. */
  title: string
  /** How often it came, or on how many machines. */
  count: number
  /** What came since then belongs to it. */
  since: number
  /** When the newest came. */
  latest: number
}

/* What people asked for, our own troubles and problems themselves make none; nor does what is one of many under another ticket. */
const isIncident = sql<boolean>`came.kind not like 'request.%' and came.kind not like 'system.%' and came.kind not like 'problem.%'`

/** Of the troubles that came after `after`: those that opened or came back so many times since `since`. People who open one again don't count. */
export async function recurringTroubles(from: Kysely<Database>, after: number, since: number, times: number): Promise<Recurrence[]> {
  const rows = await from
    .selectFrom('tickets as came')
    .innerJoin('tickets as theirs', (join) =>
      join.onRef('theirs.endpoint_id', '=', 'came.endpoint_id').onRef('theirs.fingerprint', '=', 'came.fingerprint'),
    )
    .innerJoin('timeline', 'timeline.ticket_id', 'theirs.id')
    .select(['came.organisation_id as organisationId', 'came.endpoint_id as endpointId', 'came.fingerprint', 'came.kind', 'came.title'])
    .select(({ fn }) => [fn.count('timeline.id').distinct().as('count'), fn.max('came.came_at').as('latest')])
    .where('came.came_at', '>', after)
    .where('came.endpoint_id', 'is not', null)
    .where('came.gathered_by', 'is', null)
    .where('came.gathers', 'is', null)
    .where(isIncident)
    .where('timeline.kind', 'in', ['opened', 'reopened'])
    .where('timeline.actor', 'in', ['agent', 'system'])
    .where('timeline.at', '>', since)
    .groupBy(['came.organisation_id', 'came.endpoint_id', 'came.fingerprint', 'came.kind', 'came.title'])
    .having(({ fn }) => fn.count('timeline.id').distinct(), '>=', times)
    .execute()
  return rows.map(({ count, latest, ...row }) => ({ ...row, count: Number(count), since, latest: Number(latest) }))
}

/** Of the kinds that came after `after` in an organisation: those on so many of its machines since `since`. */
export async function recurringKinds(from: Kysely<Database>, after: number, since: number, machines: number): Promise<Recurrence[]> {
  const rows = await from
    .selectFrom('tickets as theirs')
    .innerJoin(
      from
        .selectFrom('tickets as came')
        .select(['came.organisation_id', 'came.kind'])
        .select(({ fn }) => [fn.max('came.title').as('title'), fn.max('came.came_at').as('latest')])
        .where('came.came_at', '>', after)
        .where('came.endpoint_id', 'is not', null)
        .where('came.gathered_by', 'is', null)
        .where('came.gathers', 'is', null)
        .where(isIncident)
        .groupBy(['came.organisation_id', 'came.kind'])
        .as('news'),
      (join) => join.onRef('news.organisation_id', '=', 'theirs.organisation_id').onRef('news.kind', '=', 'theirs.kind'),
    )
    .select(['theirs.organisation_id as organisationId', 'theirs.kind', 'news.title', 'news.latest'])
    .select(({ fn }) => fn.count('theirs.endpoint_id').distinct().as('count'))
    .where('theirs.came_at', '>', since)
    .where('theirs.gathered_by', 'is', null)
    .groupBy(['theirs.organisation_id', 'theirs.kind', 'news.title', 'news.latest'])
    .having(({ fn }) => fn.count('theirs.endpoint_id').distinct(), '>=', machines)
    .execute()
  return rows.map(({ count, title, latest, ...row }) => ({
    ...row,
    title: title ?? '',
    endpointId: null,
    fingerprint: null,
    count: Number(count),
    since,
    latest: Number(latest),
  }))
}

/** Its incidents name the problem from now on; nothing else about them changes. */
export async function linkIncidents(
  tx: Tx,
  problemId: string,
  { organisationId, endpointId, fingerprint, kind, since }: Recurrence,
): Promise<void> {
  await tx
    .updateTable('tickets')
    .set({ problem_id: problemId })
    .where('organisation_id', '=', organisationId)
    .where('kind', '=', kind)
    .where('came_at', '>', since)
    .where('endpoint_id', 'is not', null)
    .where('gathered_by', 'is', null)
    .$if(fingerprint !== null, (tickets) => tickets.where('endpoint_id', '=', endpointId).where('fingerprint', '=', fingerprint ?? ''))
    .where(({ or, eb }) => or([eb('problem_id', 'is', null), eb('problem_id', '!=', problemId)]))
    .execute()
}
