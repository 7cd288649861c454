import type { Kysely } from 'kysely'
import { hasReceivers, loadFirstWays } from '../notify/notify.ts'
import type { Roster } from '../people/roster.ts'
import { loadRoster } from '../people/rosters.ts'
import type { Database } from '../store/schema.ts'
import type { Rules } from './keep.ts'
import { loadWorkOf, type Work } from './work.ts'

/** By what people can be reached. */
export interface Reach {
  /** The first way of each. */
  ways: ReadonlyMap<string, string>
  isAnybodyTold: boolean
}

export const nobodyInReach: Reach = { ways: new Map(), isAnybodyTold: false }

/** Who works; and how they are reached, and who has how much, where that was read as well. */
export interface Staff {
  roster: Roster
  reach?: Reach
  work?: Work
}

export const loadStaff = async (from: Kysely<Database>, { matrix }: Rules, now: number): Promise<Staff> => ({
  roster: await loadRoster(from, (team) => matrix.teams[team]?.passesTo, now),
})

/** For what is likely to be given to somebody and to call somebody. @param organisations that it is about. */
export async function loadStaffInReach(
  from: Kysely<Database>,
  rules: Rules,
  organisations: readonly string[],
  now: number,
): Promise<Staff> {
  const [{ roster }, work] = await Promise.all([loadStaff(from, rules, now), loadWorkOf(from, organisations)])
  return { roster, reach: await loadReach(from, roster), work }
}

export async function loadReach(from: Kysely<Database>, { members }: Roster): Promise<Reach> {
  const ids = members.map(({ id }) => id)
  const [ways, hasOthers] = await Promise.all([loadFirstWays(from, ids), hasReceivers(from)])
  return { ways, isAnybodyTold: ways.size > 0 || hasOthers }
}
