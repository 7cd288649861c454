import type { Kysely } from 'kysely'
import type { RosterPlan } from '#shared/api/rosters.ts'
import type { Database } from '../store/schema.ts'
import { isAway, type Member, type Weekday } from './roster.ts'

type Somebody = Pick<Member, 'id' | 'name'>

/** What people planned, as they read and change it; what is over is left out, and so are those who were disabled since. */
export async function readPlan(from: Kysely<Database>, people: readonly Member[], now: number): Promise<RosterPlan> {
  const [shifts, rotations, overrides, absences] = await Promise.all([
    from.selectFrom('shifts').selectAll().orderBy('team').orderBy('from_time').orderBy('id').execute(),
    from.selectFrom('rotations').selectAll().orderBy('team').orderBy('created_at').execute(),
    from
      .selectFrom('on_call_overrides')
      .leftJoin('sites', 'sites.id', 'on_call_overrides.site_id')
      .selectAll('on_call_overrides')
      .select('sites.name as site')
      .where('until_at', '>', now)
      .orderBy('from_at')
      .orderBy('on_call_overrides.id')
      .execute(),
    from.selectFrom('absences').selectAll().where('until_at', '>', now).orderBy('from_at').orderBy('id').execute(),
  ])
  const byId = new Map(people.map(({ id, name }) => [id, { id, name }]))
  const named = (id: string): Somebody => byId.get(id) ?? { id, name: 'somebody who was disabled' }
  const spans = absences.map(({ id, person_id, from_at, until_at }) => ({ id, person: named(person_id), from: from_at, until: until_at }))
  const away = spans.map(({ person, ...span }) => ({ personId: person.id, ...span }))
  return {
    shifts: shifts.map(({ id, team, person_id, days, from_time, to_time, time_zone }) => ({
      ...{ id, team, person: named(person_id), days: JSON.parse(days) as Weekday[], from: from_time, to: to_time, timeZone: time_zone },
    })),
    rotations: rotations.map(({ id, team, person_ids, starts_on, hand_over, every_days, time_zone }) => ({
      ...{ id, team, people: (JSON.parse(person_ids) as string[]).map(named), startsOn: starts_on, handOver: hand_over },
      ...{ everyDays: every_days, timeZone: time_zone },
    })),
    overrides: overrides.map(({ id, team, person_id, site_id, site, from_at, until_at }) => ({
      ...{ id, team, person: named(person_id), site: site_id === null ? null : { id: site_id, name: site ?? 'a site that is gone' } },
      ...{ from: from_at, until: until_at },
    })),
    absences: spans,
    people: people.map(({ id, name, teams, skills, leads, wipLimit }) => ({
      ...{ id, name, teams: [...teams], skills: [...skills], leads: [...leads], wipLimit },
      isAway: isAway({ absences: away }, id, now),
    })),
  }
}
