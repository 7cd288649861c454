import { sql } from 'kysely'
import { hours } from '#shared/domain/time.ts'
import { raiseWithin } from '../../ingest/handled.ts'
import type { Matrix } from '../../route/matrix.ts'
import type { Tx } from '../../store/store.ts'
import type { SignalRow } from '../world.ts'

/*
 * What is nothing by itself and a trouble when it happens often: a command that comes late or twice is usual after a
 * reconnect; many of them on one machine within an hour are somebody who plays them again. Counted over what is stored,
 * in the transaction that handles the latest of them, so a crash neither forgets it nor says it twice.
 */
const kind = 'security.command.stale'
export const oftenCount = 20
export const withinMs = hours(1)

/** Raises one signal per machine and hour for which the route `command-stale-often` waits. @returns whether it raised any. */
export async function raiseOften(tx: Tx, signals: readonly SignalRow[], _matrix: Matrix, now: number): Promise<boolean> {
  const stale = signals.filter((signal) => signal.kind === kind && signal.origin !== 'collector')
  const endpointIds = [...new Set(stale.flatMap(({ endpoint_id }) => endpoint_id ?? []))]
  if (endpointIds.length === 0) return false
  const often = (await countStale(tx, endpointIds, now)).filter(({ count, said }) => Number(said) === 0 && Number(count) >= oftenCount)
  for (const { endpointId, organisationId, count } of often) {
    const summary = `${count} commands came late or a second time within an hour: somebody may be playing old ones again`
    const facts = { commands: Number(count), withinMinutes: 60 }
    await raiseWithin(tx, { endpointId, organisationId, kind, severity: 'medium', fingerprint: 'command.stale:often', summary, facts }, now)
  }
  return often.length > 0
}

/** How many there were of each machine, and how often it was said. */
function countStale(tx: Tx, endpointIds: string[], now: number) {
  return (
    tx
      .selectFrom('signals')
      .select(['endpoint_id as endpointId', 'organisation_id as organisationId'])
      .select(({ fn }) => [
        fn.countAll().filterWhere('origin', '!=', 'collector').as('count'),
        fn.countAll().filterWhere('origin', '=', 'collector').as('said'),
      ])
      // Word for word as in the index signals_stale.
      .where('kind', '=', sql.lit(kind))
      .where('endpoint_id', 'in', endpointIds)
      .where('received_at', '>', now - withinMs)
      .groupBy(['endpoint_id', 'organisation_id'])
      .execute()
  )
}
