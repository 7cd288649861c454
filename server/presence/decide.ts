import { judgeAlone, takeBack } from './judge-machine.ts'
import { judgePlace } from './judge-place.ts'
import { hasNews, type Judgement, type Machine, type Place, type Sight } from './judgement.ts'
import type { SilenceLimits } from './limits.ts'

/*
 * Who is silent, and what to say of it (pure). Enters: the machines that are away or of which something was said, their
 * places, and what we ourselves could see. Leaves: signals, and what is to be remembered so that each is said once.
 * Promises: nobody is silent before they had their chance to return since we could last see again; a place's silence is
 * decided before its machines' own, and covers them. Costs what sorting the machines costs, however many are gone.
 */

export function decide(fleet: { machines: Machine[]; places: Place[] }, sight: Sight, limits: SilenceLimits, now: number): Judgement[] {
  const away = fleet.machines.filter(({ isAway }) => isAway)
  const byPlace = Map.groupBy(away, ({ placeId, said }) => said?.site_id ?? placeId)
  const judgements = fleet.machines.filter(({ isAway }) => !isAway).map(takeBack)
  for (const place of fleet.places) {
    judgements.push(judgePlace(place, byPlace.get(place.id) ?? [], sight, limits, now))
    byPlace.delete(place.id)
  }
  for (const machines of byPlace.values()) for (const machine of machines) judgements.push(judgeAlone(machine, sight, limits, now))
  return judgements.filter(hasNews)
}
