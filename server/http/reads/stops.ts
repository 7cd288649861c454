import type { z } from 'zod'
import type { StopList } from '#shared/api/rosters.ts'
import type { View } from '../view.ts'

/** The stops that are in force, by the organisation's name. */
export async function readStops(view: View, now: number): Promise<z.output<typeof StopList>> {
  const all = await view.organisations().select(['id', 'name', 'stopped_until', 'stopped_by']).orderBy('name').orderBy('id').execute()
  const stopped = all.filter(({ stopped_until }) => (stopped_until ?? 0) > now)
  const names = await view.namesOf(stopped.flatMap(({ stopped_by }) => stopped_by ?? []))
  return {
    stops: stopped.map(({ id, name, stopped_until, stopped_by }) => ({
      ...{ organisation: { id, name }, until: stopped_until ?? now },
      by: names.get(stopped_by ?? '') ?? null,
    })),
    isFleet: view.scope === 'all' && all.length > 1 && stopped.length === all.length,
  }
}
