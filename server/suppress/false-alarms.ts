import { randomUUIDv7 } from 'node:crypto'
import { days } from '#shared/domain/time.ts'
import type { OwnTrouble } from '../ingest/rows.ts'
import type { Matrix } from '../route/matrix.ts'
import type { Tx } from '../store/store.ts'
import type { DisarmedDetectorsTable } from '../store/tables/suppress.ts'
import type { TicketsTable } from '../store/tables/ticket.ts'
import { armKey } from './suppress.ts'

/*
 * A detector that was wrong too often isolates nothing without a person any more, on no machine, until an admin arms it again.
 * What is counted are tickets that ended as false alarms, by who detected what and which route took it: nothing is kept beside
 * them, so one that is opened again counts no longer.
 */

type Ticket = Pick<TicketsTable, 'id' | 'kind' | 'rule'>
type Arming = Pick<DisarmedDetectorsTable, 'detector' | 'kind' | 'rule'>

/** This ticket is about to end as a false alarm. @returns what is to be said of detectors that it disarms. */
export async function countFalseAlarm(tx: Tx, ticket: Ticket, { falseAlarms }: Pick<Matrix, 'falseAlarms'>, now: number) {
  const found = await tx
    .selectFrom('signals')
    .select(['detector', 'kind'])
    .distinct()
    .where('ticket_id', '=', ticket.id)
    .limit(20)
    .execute()
  const disarmed: Arming[] = []
  for (const { detector, kind } of found) {
    const arming = { detector, kind, rule: ticket.rule }
    const [last] = await armingsOf(tx, arming)
    if (last?.armed_at === null) continue
    const since = Math.max(now - falseAlarms.within, last?.armed_at ?? 0)
    if ((await countSince(tx, arming, ticket.id, since)) + 1 < falseAlarms.disarm) continue
    await tx
      .insertInto('disarmed_detectors')
      .values({ id: randomUUIDv7(), ...arming, disarmed_at: now, armed_at: null, armed_by: null })
      .execute()
    disarmed.push(arming)
  }
  return troublesOf(tx, disarmed, 'raised', falseAlarms)
}

/** @returns what is to be said of it; undefined: it isn't disarmed. */
export async function arm(tx: Tx, id: string, personId: string, { falseAlarms }: Pick<Matrix, 'falseAlarms'>, now: number) {
  const armed = await tx
    .updateTable('disarmed_detectors')
    .set({ armed_at: now, armed_by: personId })
    .where('id', '=', id)
    .where('armed_at', 'is', null)
    .returning(['detector', 'kind', 'rule'])
    .execute()
  return armed.length === 0 ? undefined : troublesOf(tx, armed, 'cleared', falseAlarms)
}

const armingsOf = (tx: Tx, { detector, kind, rule }: Arming) =>
  tx
    .selectFrom('disarmed_detectors')
    .select('armed_at')
    .where('detector', '=', detector)
    .where('kind', '=', kind)
    .where('rule', '=', rule)
    .orderBy('disarmed_at', 'desc')
    .limit(1)
    .execute()

async function countSince(tx: Tx, { detector, kind, rule }: Arming, without: string, since: number): Promise<number> {
  const { count } = await tx
    .selectFrom('tickets')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('resolution', '=', 'false-alarm')
    .where('resolved_at', '>', since)
    .where('rule', '=', rule)
    .where('tickets.id', '!=', without)
    .where(({ exists, selectFrom }) =>
      exists(
        selectFrom('signals')
          .select('signals.id')
          .whereRef('signals.ticket_id', '=', 'tickets.id')
          .where('signals.detector', '=', detector)
          .where('signals.kind', '=', kind),
      ),
    )
    .executeTakeFirstOrThrow()
  return Number(count)
}

/** The collector's own troubles belong to the oldest organisation. */
async function troublesOf(
  tx: Tx,
  armings: readonly Arming[],
  state: 'raised' | 'cleared',
  { disarm, within }: Matrix['falseAlarms'],
): Promise<OwnTrouble[]> {
  if (armings.length === 0) return []
  const owner = await tx.selectFrom('organisations').select('id').orderBy('created_at').orderBy('id').limit(1).executeTakeFirst()
  return armings.flatMap(({ detector, kind, rule }) => {
    const what = `“${detector}” (${kind}, route ${rule})`
    const summary =
      state === 'cleared'
        ? `${what} is armed again`
        : `${what} raised ${disarm} false alarms in ${Math.round(within / days(1))} days: it isolates nothing without a person until an admin arms it again`
    const about = { kind: 'system.detector.disarmed', severity: 'medium' as const, state, facts: { detector, kind, route: rule } }
    return owner
      ? [
          {
            organisationId: owner.id,
            endpointId: null,
            fingerprint: `system.detector.disarmed:${armKey({ detector, kind, rule })}`,
            summary,
            ...about,
          },
        ]
      : []
  })
}
