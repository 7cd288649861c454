import { sql } from 'kysely'
import { minutes } from '#shared/domain/time.ts'
import { raiseWithin } from '../../ingest/handled.ts'
import type { Matrix } from '../../route/matrix.ts'
import type { Tx } from '../../store/store.ts'
import type { SignalRow } from '../world.ts'

/*
 * The internet knocks at every open door; whoever knocks at three of one organisation has looked for them. Each machine says it of
 * itself, so it is counted here by the source that they name.
 */
const kind = 'security.logon.bruteforce'
export const manyEndpoints = 3
/** As long as an agent waits until it says the same again. */
export const withinMs = minutes(10)
/** Under a flood the newest are enough. */
const mostRead = 2_000

/** One signal per source and organisation; said again only when a machine more has it. @returns whether it raised any. */
export async function raiseScattered(tx: Tx, signals: readonly SignalRow[], _matrix: Matrix, now: number): Promise<boolean> {
  const ours = signals.filter((signal) => signal.kind === kind && signal.state !== 'cleared' && signal.endpoint_id !== null)
  const organisations = Map.groupBy(ours, ({ organisation_id }) => organisation_id)
  let hasRaised = false
  for (const [organisationId, latest] of organisations) {
    const sources = new Set(latest.flatMap((signal) => sourceOf(signal) ?? []))
    const before = await machinesBySource(tx, organisationId, now, latest)
    const all = await machinesBySource(tx, organisationId, now)
    for (const source of sources) {
      const count = all.get(source)?.size ?? 0
      if (count < manyEndpoints || count === (before.get(source)?.size ?? 0)) continue
      await raiseWithin(tx, { organisationId, endpointId: null, ...troubleOf(source, count) }, now)
      hasRaised = true
    }
  }
  return hasRaised
}

const troubleOf = (source: string, count: number) => ({
  ...{ kind: 'security.logon.spray', severity: 'high' as const, fingerprint: `security.logon.spray:${source}`.slice(0, 300) },
  summary: `${source} tries to sign in to ${count} machines of this organisation`,
  facts: { technique: 'T1110.003', source, endpoints: count },
})

/** @param without signals that are left out. */
async function machinesBySource(tx: Tx, organisationId: string, now: number, without: readonly SignalRow[] = []) {
  const rows = await tx
    .selectFrom('signals')
    .select(['id', 'endpoint_id', 'facts'])
    .where('organisation_id', '=', organisationId)
    // Word for word as in the index signals_knocks.
    .where('kind', '=', sql.lit(kind))
    .where('received_at', '>', now - withinMs)
    .where('endpoint_id', 'is not', null)
    .orderBy('received_at', 'desc')
    .limit(mostRead)
    .execute()
  const left = new Set(without.map(({ id }) => id))
  const machines = new Map<string, Set<string>>()
  for (const row of rows) {
    const source = left.has(row.id) ? undefined : sourceOf(row)
    if (source === undefined) continue
    machines.set(source, (machines.get(source) ?? new Set()).add(row.endpoint_id ?? ''))
  }
  return machines
}

function sourceOf({ facts }: Pick<SignalRow, 'facts'>): string | undefined {
  const { source } = JSON.parse(facts) as { source?: unknown }
  return typeof source === 'string' && source !== '' ? source.slice(0, 200) : undefined
}
