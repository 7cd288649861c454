import type { OwnTrouble } from '../ingest/rows.ts'
import type { Store, Tx } from '../store/store.ts'
import type { MaintenanceWindow } from '../suppress/windows.ts'

/** A connected machine was heard of this long ago at most, as far as it is written down. */
const heardWithinMs = 60_000

/**
 * Machines that were there when a maintenance window opened and are not now. It is remembered as what presence says of who is
 * silent, so presence takes it back when they return. A workstation that somebody switched off or sent to sleep is not missing.
 */
export async function sayNotBack(
  tx: Tx,
  { putRows }: Pick<Store['capabilities'], 'putRows'>,
  window: MaintenanceWindow,
  now: number,
): Promise<OwnTrouble[]> {
  const away = await tx
    .selectFrom('endpoints')
    .innerJoin('presences', 'presences.endpoint_id', 'endpoints.id')
    .leftJoin('silences', 'silences.endpoint_id', 'endpoints.id')
    .leftJoin('inventories', 'inventories.endpoint_id', 'endpoints.id')
    .select(['endpoints.id', 'organisation_id', 'hostname', 'goodbye', 'said', 'last_heard_at', 'confirmed_role', 'inventories.role'])
    .where('endpoints.organisation_id', '=', window.organisation_id)
    .where('removed_at', 'is', null)
    .where('is_connected', '=', 0)
    .where('last_heard_at', '>=', window.opens_at - heardWithinMs)
    .$if(window.scope === 'endpoint', (some) => some.where('endpoints.id', '=', window.scope_value))
    .$if(window.scope === 'site', (some) => some.where('endpoints.site_id', '=', window.scope_value))
    .$if(window.scope === 'tag', (some) => some.where('tags', 'like', `%"${window.scope_value}"%`))
    .execute()
  const missing = away.filter(({ said, goodbye, ...roles }) => {
    const isSwitchedOff = (goodbye === 'shutdown' || goodbye === 'sleep') && (roles.confirmed_role ?? roles.role) === 'workstation'
    return said !== 'with-site' && said !== 'removed' && !isSwitchedOff
  })
  const said = missing.map(({ id }) => ({ endpoint_id: id, said: 'silent' as const, said_at: now, site_id: null }))
  await putRows(tx, 'silences', said, { replaceWhere: ['endpoint_id'] })
  return missing.map(({ id, organisation_id, hostname, last_heard_at }) => ({
    ...{
      organisationId: organisation_id,
      endpointId: id,
      kind: 'presence.not-back',
      fingerprint: 'presence.silent',
      severity: 'high' as const,
    },
    ...{ state: 'raised' as const, summary: `${hostname} did not come back after the maintenance window “${window.name}”` },
    facts: { window: window.name, silentForMinutes: Math.max(0, Math.round((now - last_heard_at) / 60_000)) },
  }))
}
