import type { Kysely } from 'kysely'
import { hasReceivers, loadFirstWays } from '../notify/notify.ts'
import type { Roster } from '../people/roster.ts'
import { loadRoster } from '../people/rosters.ts'
import type { Database } from '../store/schema.ts'
import type { Rules } from './keep.ts'

/** By what people can be reached. */
export interface Reach {
  /** The first way of each. */
  ways: ReadonlyMap<string, string>
  isAnybodyTold: boolean
}

export const nobodyInReach: Reach = { ways: new Map(), isAnybodyTold: false }

/** Who works, and how they are reached, where that was read as well. */
export interface Staff {
  roster: Roster
  reach?: Reach
}

export const loadStaff = async (from: Kysely<Database>, { matrix }: Rules, now: number): Promise<Staff> => ({
  roster: await loadRoster(from, (team) => matrix.teams[team]?.passesTo, now),
})

/** For what is likely to call somebody. */
export async function loadStaffInReach(from: Kysely<Database>, rules: Rules, now: number): Promise<Staff> {
  const { roster } = await loadStaff(from, rules, now)
  return { roster, reach: await loadReach(from, roster) }
}

export async function loadReach(from: Kysely<Database>, { members }: Roster): Promise<Reach> {
  const ways = await loadFirstWays(
    from,
    members.map(({ id }) => id),
  )
  return { ways, isAnybodyTold: ways.size > 0 || (await hasReceivers(from)) }
}
