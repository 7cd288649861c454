import type { Kysely } from 'kysely'
import { v7 as orderedId } from 'uuid'
import type { RosterPlan } from '#shared/api/rosters.ts'
import type { Time } from '#shared/domain/time.ts'
import type { Database } from '../store/schema.ts'
import type { Store, Tx, Within } from '../store/store.ts'
import { handOver } from './hand-over.ts'
import {
  type Member,
  membersOf,
  type OnCall,
  type Override,
  onCall,
  type Roster,
  type Rotation,
  rosterAt,
  type Shift,
  type Span,
  who,
} from './roster.ts'
import { readPlan } from './roster-plan.ts'

/*
 * Enters: shifts, rotations, overrides and absences, as people describe them. Leaves: their rows, and the roster of now.
 * Promises: whoever is disabled stands on no roster. On failure: nothing was kept.
 * Threat: who may do this is checked by http, before it comes here.
 */

export interface Rosters {
  /** @param within here and below: what stands or falls with it. */
  addShift(shift: Shift, within?: Within): Promise<string>
  removeShift(id: string, within?: Within): Promise<boolean>
  addRotation(rotation: Rotation, within?: Within): Promise<string>
  removeRotation(id: string, within?: Within): Promise<boolean>
  addOverride(override: Override, within?: Within): Promise<string>
  removeOverride(id: string, within?: Within): Promise<boolean>
  /** What was planned and is not over. */
  plan(): Promise<RosterPlan>
  /** Each team's people at this moment, as they are called for a site; null: without who is on call for one alone. */
  now(siteId: string | null): Promise<TeamNow[]>
  /** What somebody can do, leads and takes on. */
  describe(personId: string, work: { skills: string[]; leads: string[]; wipLimit: number | null }, within?: Within): Promise<void>
}

type Somebody = Pick<Member, 'id' | 'name'>
export interface TeamNow {
  team: string
  members: Somebody[]
  working: Somebody[]
  onCallBy: OnCall['by']
  onCall: Somebody[]
  next: { at: number; onCall: Somebody[] } | null
}

export interface RostersOptions {
  store: Store
  time: Time
  /** The teams of the matrix in force. */
  teams(): Readonly<Record<string, { passesTo?: string | undefined }>>
}

export function createRosters({ store, time, teams }: RostersOptions): Rosters {
  const { db } = store
  const fresh = () => ({ id: orderedId(), created_at: time.now() })
  const add = (id: string, within: Within | undefined, how: (tx: Tx) => Promise<unknown>): Promise<string> =>
    db.transaction().execute(async (tx) => {
      await how(tx)
      await within?.(tx, id)
      return id
    })
  const remove = (id: string, within: Within | undefined, how: (tx: Tx) => Promise<{ numDeletedRows: bigint }>): Promise<boolean> =>
    db.transaction().execute(async (tx) => {
      const { numDeletedRows } = await how(tx)
      if (numDeletedRows > 0n) await within?.(tx, id)
      return numDeletedRows > 0n
    })
  return {
    async addShift({ team, personId, days, from, to, timeZone }, within) {
      const row = { ...fresh(), team, person_id: personId, days: JSON.stringify(days), from_time: from, to_time: to, time_zone: timeZone }
      return add(row.id, within, (tx) => tx.insertInto('shifts').values(row).execute())
    },
    removeShift: (id, within) => remove(id, within, (tx) => tx.deleteFrom('shifts').where('id', '=', id).executeTakeFirst()),
    async addRotation({ team, personIds, startsOn, handOver, everyDays, timeZone }, within) {
      const turns = { person_ids: JSON.stringify(personIds), starts_on: startsOn, hand_over: handOver, every_days: everyDays }
      const row = { ...fresh(), team, ...turns, time_zone: timeZone }
      return add(row.id, within, (tx) => tx.insertInto('rotations').values(row).execute())
    },
    removeRotation: (id, within) => remove(id, within, (tx) => tx.deleteFrom('rotations').where('id', '=', id).executeTakeFirst()),
    async addOverride({ team, personId, siteId = null, from, until }, within) {
      const row = { ...fresh(), team, person_id: personId, site_id: siteId, from_at: from, until_at: until }
      return add(row.id, within, (tx) => tx.insertInto('on_call_overrides').values(row).execute())
    },
    removeOverride: (id, within) => remove(id, within, (tx) => tx.deleteFrom('on_call_overrides').where('id', '=', id).executeTakeFirst()),
    plan: async () => readPlan(store.reader, await readPeople(store.reader), time.now()),
    async now(siteId) {
      const [now, known] = [time.now(), teams()]
      const roster = rosterAt(await loadRoster(store.reader, (team) => known[team]?.passesTo, now), siteId)
      return Object.keys(known).map((team) => {
        const called = onCall(roster, team, now)
        const of = { members: membersOf(roster, team).map(named), working: who(roster, team, now).map(named) }
        const next = handOver(roster, team, now)
        const calls = { onCallBy: called.by, onCall: called.people.map(named) }
        return { team, ...of, ...calls, next: next ? { at: next.at, onCall: next.people.map(named) } : null }
      })
    },
    async describe(personId, { skills, leads, wipLimit }, within) {
      const work = { skills: JSON.stringify(skills), leads: JSON.stringify(leads), wip_limit: wipLimit }
      await add(personId, within, (tx) => tx.updateTable('people').set(work).where('id', '=', personId).execute())
    },
  }
}

const named = ({ id, name }: Member): Somebody => ({ id, name })

/** @returns its id. What it does to tickets is due when it begins. */
export async function keepAbsence(tx: Tx, { personId, from, until }: Span, now: number): Promise<string> {
  const id = orderedId()
  await tx.insertInto('absences').values({ id, person_id: personId, from_at: from, until_at: until, created_at: now }).execute()
  return id
}

/** Ends what is or was to come of it. @returns whether there was anything. */
export async function endAbsences(tx: Tx, personId: string, now: number): Promise<boolean> {
  const ended = await tx
    .updateTable('absences')
    .set({ until_at: now })
    .where('person_id', '=', personId)
    .where('until_at', '>', now)
    .executeTakeFirst()
  return ended.numUpdatedRows > 0n
}

/** Of now: what is over is left out. */
export async function loadRoster(from: Kysely<Database>, passesTo: Roster['passesTo'], now: number): Promise<Roster> {
  const [people, shifts, rotations, overrides, absences] = await Promise.all([
    readPeople(from),
    from.selectFrom('shifts').selectAll().orderBy('id').execute(),
    from.selectFrom('rotations').selectAll().orderBy('created_at').orderBy('id').execute(),
    from.selectFrom('on_call_overrides').selectAll().where('until_at', '>', now).orderBy('created_at', 'desc').orderBy('id').execute(),
    from.selectFrom('absences').selectAll().where('until_at', '>', now).execute(),
  ])
  return {
    members: people,
    shifts: shifts.map(({ team, person_id, days, from_time, to_time, time_zone }) => ({
      ...{ team, personId: person_id, days: JSON.parse(days) as Shift['days'], from: from_time, to: to_time, timeZone: time_zone },
    })),
    rotations: rotations.map(({ team, person_ids, starts_on, hand_over, every_days, time_zone }) => ({
      ...{ team, personIds: JSON.parse(person_ids) as string[], startsOn: starts_on, handOver: hand_over },
      ...{ everyDays: every_days, timeZone: time_zone },
    })),
    overrides: overrides.map(({ team, person_id, site_id, from_at, until_at }) => ({
      ...{ team, personId: person_id, siteId: site_id, from: from_at, until: until_at },
    })),
    absences: absences.map(({ person_id, from_at, until_at }) => ({ personId: person_id, from: from_at, until: until_at })),
    passesTo,
  }
}

async function readPeople(from: Kysely<Database>): Promise<Roster['members']> {
  const rows = await from
    .selectFrom('people')
    .select(['id', 'name', 'organisation_id', 'is_admin', 'teams', 'leads', 'skills', 'wip_limit'])
    .where('disabled_at', 'is', null)
    .orderBy('created_at')
    .orderBy('id')
    .execute()
  const list = (json: string): string[] => JSON.parse(json) as string[]
  return rows.map(({ id, name, organisation_id, is_admin, teams, leads, skills, wip_limit }) => ({
    ...{ id, name, organisationId: organisation_id, isAdmin: is_admin === 1, wipLimit: wip_limit },
    ...{ teams: list(teams), leads: list(leads), skills: list(skills) },
  }))
}
