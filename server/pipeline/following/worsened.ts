import { compareSeverity } from '#shared/domain/severity.ts'
import { minutes } from '#shared/domain/time.ts'
import { raiseWithin } from '../../ingest/handled.ts'
import type { Matrix } from '../../route/matrix.ts'
import type { Tx } from '../../store/store.ts'
import type { SignalRow } from '../world.ts'

/*
 * A defence that is off is often somebody's mistake; with another mark of an attack on the same machine within ten minutes, before or
 * after, it is the attack's first step. Then the ticket of the defence is critical, and names the other.
 */
const kind = 'security.defence.down'
export const withinMs = minutes(10)
/** What is only new, and a line of the digest, marks no attack. */
const isMark = ({ severity }: Pick<SignalRow, 'severity'>): boolean => compareSeverity(severity, 'medium') >= 0

/** Says it once a machine and ten minutes. @returns whether it raised any. */
export async function raiseWorsened(tx: Tx, signals: readonly SignalRow[], _matrix: Matrix, now: number): Promise<boolean> {
  const marks = signals.filter((each) => each.kind.startsWith('security.') && isMark(each) && each.origin !== 'collector')
  const endpointIds = [...new Set(marks.flatMap(({ endpoint_id }) => endpoint_id ?? []))]
  if (endpointIds.length === 0) return false
  const lately = await tx
    .selectFrom('signals')
    .select(['endpoint_id', 'organisation_id', 'kind', 'severity', 'fingerprint', 'summary', 'origin'])
    .where('endpoint_id', 'in', endpointIds)
    .where('received_at', '>', now - withinMs)
    .where('kind', 'like', 'security.%')
    .where('state', '!=', 'cleared')
    .where('age_ms', '<', withinMs)
    .orderBy('received_at')
    .execute()
  let hasRaised = false
  for (const [endpointId, theirs] of Map.groupBy(lately.filter(isMark), ({ endpoint_id }) => endpoint_id ?? '')) {
    const defence = theirs.find((each) => each.kind === kind && each.origin !== 'collector')
    const other = theirs.find((each) => each.kind !== kind && each.origin !== 'collector')
    const isSaid = theirs.some((each) => each.kind === kind && each.origin === 'collector')
    if (!defence || !other || isSaid) continue
    const { organisation_id: organisationId, fingerprint } = defence
    const summary = `${defence.summary}, and within ten minutes: ${other.summary}`.slice(0, 500)
    const facts = { with: other.kind }
    await raiseWithin(tx, { organisationId, endpointId, kind, severity: 'critical', fingerprint, summary, facts }, now)
    hasRaised = true
  }
  return hasRaised
}
