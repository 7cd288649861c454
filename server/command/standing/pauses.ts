import type { Kysely } from 'kysely'
import { longestPauseMs, StandingPause } from '#shared/domain/standing.ts'
import type { Database } from '../../store/schema.ts'

/*
 * What machines with standing orders may not do by themselves for now. Enters: stop buttons, modes and switches of
 * organisations; what each machine was told last. Leaves: what has to be told. Promises: no pause is for longer than a day;
 * one that goes on is said again when half of it is over, so that a machine whose collector is gone protects itself again.
 */

export const pauseId = 'pause'

export interface PauseNews {
  endpointId: string
  organisationId: string
  pause: StandingPause
}

export async function newsOfPauses(db: Kysely<Database>, endpointIds: readonly string[], now: number): Promise<PauseNews[]> {
  if (endpointIds.length === 0) return []
  const rows = await db
    .selectFrom('endpoints')
    .innerJoin('organisations', 'organisations.id', 'endpoints.organisation_id')
    .select(['endpoints.id', 'organisations.id as organisationId', 'organisations.mode', 'stopped_until', 'scripts_off'])
    .where('endpoints.id', 'in', endpointIds)
    .execute()
  const told = await toldLast(db, endpointIds)
  return rows.flatMap((row) => {
    const pause = pauseOf(endsOf(row, now), told.get(row.id) ?? nothing, now)
    return pause ? { endpointId: row.id, organisationId: row.organisationId, pause } : []
  })
}

const nothing: StandingPause = { scripts: false, isolationUntil: 0 }
const openEnded = Number.POSITIVE_INFINITY

interface Ends {
  scripts: number
  isolation: number
}
interface Place {
  mode: string
  stopped_until: number | null
  scripts_off: number
}

const endsOf = ({ mode, stopped_until, scripts_off }: Place, now: number): Ends => ({
  scripts: scripts_off === 1 ? openEnded : 0,
  isolation: mode === 'observe' ? openEnded : (stopped_until ?? 0) > now ? (stopped_until ?? 0) : 0,
})

/** @returns what to tell; undefined: what was told is still right. */
export function pauseOf(ends: Ends, told: StandingPause, now: number): StandingPause | undefined {
  const toldScripts = told.scripts ? (told.scriptsUntil ?? 0) : 0
  if (isRight(ends.scripts, toldScripts, now) && isRight(ends.isolation, told.isolationUntil, now)) return undefined
  const [scriptsUntil, isolationUntil] = [ends.scripts, ends.isolation].map((end) => Math.min(end, now + longestPauseMs))
  return { scripts: ends.scripts > now, scriptsUntil: scriptsUntil ?? 0, isolationUntil: isolationUntil ?? 0 }
}

const isRight = (end: number, told: number, now: number): boolean =>
  end <= now ? told <= now : told <= end && told >= Math.min(end, now + longestPauseMs / 2)

/** The newest of each machine that has not come to nothing. */
async function toldLast(db: Kysely<Database>, endpointIds: readonly string[]): Promise<Map<string, StandingPause>> {
  const newest = db
    .selectFrom('standing_commands')
    .innerJoin('commands', 'commands.id', 'standing_commands.command_id')
    .select(({ fn }) => fn.max('command_id').as('command_id'))
    .where('order_id', '=', pauseId)
    .where('standing_commands.endpoint_id', 'in', endpointIds)
    .where('commands.status', 'not in', ['expired', 'dropped', 'unknown'])
    .groupBy('standing_commands.endpoint_id')
  const rows = await db.selectFrom('standing_commands').select(['endpoint_id', 'about']).where('command_id', 'in', newest).execute()
  return new Map(rows.map(({ endpoint_id, about }) => [endpoint_id, StandingPause.parse(JSON.parse(about ?? '{}'))]))
}
