import { judgeAlone, letGo, takeBack } from './judge-machine.ts'
import { judgePlace } from './judge-place.ts'
import type { Judgement, Machine, Place, Sight } from './judgement.ts'
import type { SilenceLimits } from './limits.ts'

/*
 * Who is silent, and what to say of it (pure). Enters: the machines that are away or of which something was said, their
 * places, and what we ourselves could see. Leaves: signals, and what is to be remembered so that each is said once.
 * Promises: nobody is silent before they had their chance to return since we could last see again; a place's silence is
 * decided before its machines' own, and covers them. Costs what sorting the machines costs, however many are gone.
 */

/** One place or machine after the other, so that whoever keeps them can let others have their turn in between. */
export function* decide(
  fleet: { machines: Machine[]; places: Place[] },
  sight: Sight,
  limits: SilenceLimits,
  now: number,
): Generator<Judgement> {
  const { removed = [], there = [], away = [] } = Object.groupBy(fleet.machines, whereabouts)
  const byPlace = Map.groupBy(away, ({ placeId, said }) => said?.site_id ?? placeId)
  for (const machine of removed) yield letGo(machine, now)
  for (const machine of there) yield takeBack(machine)
  for (const place of fleet.places) {
    yield judgePlace(place, byPlace.get(place.id) ?? [], sight, limits, now)
    byPlace.delete(place.id)
  }
  for (const machines of byPlace.values()) for (const machine of machines) yield judgeAlone(machine, sight, limits, now)
}

const whereabouts = ({ isAway, isRemoved }: Machine) => (isRemoved ? 'removed' : isAway ? 'away' : 'there')
