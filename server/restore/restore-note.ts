import type { Evidence } from '#shared/domain/signal.ts'
import { raiseWithin } from '../ingest/handled.ts'
import type { Tx } from '../store/store.ts'

/** What a restore held back or ended, counted. */
export interface Left {
  /** Commands that wait for a person. */
  commands: number
  /** Questions that would have answered themselves. */
  questions: number
  /** Timers that were planned anew. */
  timers: number
  /** Endpoints whose next word decides on their isolation. */
  endpoints: number
  /** Ended: sign in again. */
  sessions: number
  /** Suspended, until an admin lets them go on. */
  tokens: number
  sources: number
  /** Ended. */
  enrolmentTokens: number
}

/**
 * One ticket for the admins that sums a restore up, with what they have to look through. It belongs to the oldest
 * organisation, as the collector's own troubles do, so it names nobody of another one: of those it only counts.
 */
export async function noteRestore(tx: Tx, madeAt: number, left: Left, now: number): Promise<void> {
  const owner = await tx.selectFrom('organisations').select('id').orderBy('created_at').orderBy('id').limit(1).executeTakeFirst()
  if (!owner) return
  const [made, restored] = [new Date(madeAt).toISOString(), new Date(now).toISOString()]
  const { commands, questions, timers, endpoints, sessions, tokens, sources, enrolmentTokens } = left
  const own = {
    ...{ organisationId: owner.id, endpointId: null, severity: 'high' as const },
    ...{ kind: 'system.collector.restored', fingerprint: `system.collector.restored:${now}` },
    summary: `This collector was restored from a backup of ${made}: look through Administration, and disable who may not sign in any more`,
    facts: {
      ...{ madeAt: made, restoredAt: restored, commandsHeld: commands, questionsWithoutEnd: questions, timersPlannedAnew: timers },
      ...{ endpointsAwaited: endpoints, sessionsEnded: sessions, tokensSuspended: tokens, sourcesSuspended: sources },
      enrolmentTokensEnded: enrolmentTokens,
    },
    evidence: [await peopleList(tx, owner.id), await receiverList(tx, owner.id)],
  }
  await raiseWithin(tx, own, now)
}

/** Somebody of these may have been disabled since, or have changed a password that leaked. */
async function peopleList(tx: Tx, ownerId: string): Promise<Evidence> {
  const people = await tx
    .selectFrom('people')
    .select(['name', 'is_admin', 'teams', 'organisation_id'])
    .where('disabled_at', 'is', null)
    .orderBy('name')
    .execute()
  return listOf('People who may sign in, with the passwords of then', people, ownerId, ({ name, is_admin, teams }) => {
    const inTeams = (JSON.parse(teams) as string[]).join(', ')
    return `${name} (${[...(is_admin === 1 ? ['admin'] : []), ...(inTeams === '' ? [] : [inTeams])].join('; ') || 'in no team'})`
  })
}

/** They go on: a collector that tells nobody is worse than one that tells a former partner for an hour more. */
async function receiverList(tx: Tx, ownerId: string): Promise<Evidence> {
  const receivers = await tx
    .selectFrom('receivers')
    .select(['name', 'organisation_id'])
    .where('disabled_at', 'is', null)
    .orderBy('name')
    .execute()
  return listOf('Receivers that are told again', receivers, ownerId, ({ name }) => name)
}

const maxText = 16_000

function listOf<Row extends { organisation_id: string | null }>(
  name: string,
  rows: Row[],
  ownerId: string,
  lineOf: (row: Row) => string,
): Evidence {
  const named = rows.filter(({ organisation_id }) => organisation_id === null || organisation_id === ownerId)
  const others = rows.length - named.length
  const lines = [...named.map(lineOf), ...(others > 0 ? [`and ${others} of other organisations, which the page Administration names`] : [])]
  return { name, text: (lines.join('\n') || 'none').slice(0, maxText) }
}
