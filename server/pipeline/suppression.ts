import type { Time } from '#shared/domain/time.ts'
import { planOwn } from '../escalate/keep-timers.ts'
import type { Measure } from '../measure/measure.ts'
import type { PresenceNeeds } from '../presence/presence.ts'
import type { Matrix } from '../route/matrix.ts'
import type { Store, Tx } from '../store/store.ts'
import { noteReleases } from '../suppress/ages.ts'
import type { Book } from '../suppress/book.ts'
import { createBoots } from '../suppress/boots.ts'
import { hastenOf, keepSuppressed, untilsOf } from '../suppress/keep.ts'
import { settledAt } from '../suppress/load.ts'
import { noteGoings, noteSettlings } from '../suppress/settling.ts'

/** When what waits until then is looked at again: one timer for all that does. */
export const heldOver = (dueAt: number): Parameters<typeof planOwn>[2] => ({
  ...{ id: `held-over-${dueAt}`, kind: 'held-over', dueAt, payload: '{}' },
})

/** Keeps what a round suppressed, with the timers that look at it again. @returns when they are due. */
export async function keepBook(
  tx: Tx,
  { capabilities }: Pick<Store, 'capabilities'>,
  { suppressing, settlings }: Book,
  { settling }: Pick<Matrix, 'settling'>,
  now: number,
): Promise<number[]> {
  await keepSuppressed(tx, capabilities, suppressing, now)
  await noteSettlings(tx, capabilities.putRows, settlings)
  const untils = new Set(untilsOf(suppressing.held))
  for (const row of settlings.filter(({ back_at }) => back_at !== null)) {
    const until = settledAt(row, settling)
    await hastenOf(tx, row.endpoint_id, until)
    untils.add(until)
  }
  for (const dueAt of untils) await planOwn(tx, capabilities.putRows, heldOver(dueAt), now)
  return [...untils]
}

/** Machines that are started or updated, by what they announce and by what their samples say. */
export function watchSettling({
  store,
  time,
  version,
  keepSamples,
}: { store: Store; time: Time; version: string } & Pick<Measure, 'keepSamples'>) {
  const { putRows } = store.capabilities
  const noteBoots = createBoots({ time, putRows })
  const note = noteReleases(putRows, version)
  const keepGoings: NonNullable<PresenceNeeds['keepGoings']> = async (tx, rows, now) => {
    await note(tx, rows, now)
    await noteGoings(tx, putRows, rows, now)
  }
  const keepBoth: Measure['keepSamples'] = async (tx, taken) => {
    await keepSamples(tx, taken)
    await noteBoots(tx, taken)
  }
  return { keepGoings, keepSamples: keepBoth }
}
