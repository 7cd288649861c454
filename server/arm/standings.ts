import { type Kysely, type SqlBool, sql } from 'kysely'
import { days } from '#shared/domain/time.ts'
import type { Matrix } from '../route/matrix.ts'
import type { Database } from '../store/schema.ts'
import { dayOf, keyOfRule } from './days.ts'
import type { Standing } from './decide.ts'

type Limits = Pick<Matrix, 'sigmaRules' | 'falseAlarms'>

/** Of each rule that was watched lately, over the days that count; false alarms are counted by their rule's kind. */
export async function readStandings(
  reader: Kysely<Database>,
  { sigmaRules }: Limits,
  today: number,
): Promise<Map<string, Omit<Standing, 'falseAlarms' | 'falseAlarmsLately'> & { lastDay: number }>> {
  const first = today - Math.round(sigmaRules.over / days(1))
  const isEnough = sql<number>`sum(case when endpoints >= ${sql.lit(sigmaRules.endpoints)} or endpoints = of_endpoints then 1 else 0 end)`
  const sums = reader
    .selectFrom('rule_days')
    .select(({ fn }) => [
      ...(['rule', 'digest'] as const),
      isEnough.as('days'),
      fn.sum<number>('endpoints').as('endpoint_days'),
      fn.sum<number>('hits').as('hits'),
      fn.max('day').as('last_day'),
    ])
    .where('day', '>=', first)
    .groupBy(['rule', 'digest'])
    .as('sums')
  const rows = await reader
    .selectFrom(sums)
    .innerJoin('rule_days as last', (join) =>
      join.onRef('last.day', '=', 'sums.last_day').onRef('last.rule', '=', 'sums.rule').onRef('last.digest', '=', 'sums.digest'),
    )
    .select(['sums.rule', 'sums.digest', 'days', 'endpoint_days', 'sums.hits', 'last_day', 'last.endpoints', 'last.of_endpoints'])
    .execute()
  return new Map(
    rows.map(({ rule, digest, endpoint_days, endpoints, of_endpoints, last_day, ...row }) => [
      keyOfRule(rule, digest),
      {
        ...{ days: Number(row.days), hits: Number(row.hits), endpointDays: Number(endpoint_days) },
        ...{ endpoints, ofEndpoints: of_endpoints, lastDay: Number(last_day) },
      },
    ]),
  )
}

export interface FalseAlarmCount {
  /** Over the days that count. */
  all: number
  /** Within the time in which some of them disarm. */
  lately: number
}

/**
 * By the kind of the rule, from tickets that ended so: nothing is kept beside them, so one that is opened again counts no longer, and none
 * from before an admin armed the detector again.
 */
export async function readFalseAlarms(reader: Kysely<Database>, limits: Limits, now: number): Promise<Map<string, FalseAlarmCount>> {
  const { sigmaRules, falseAlarms } = limits
  const rows = await reader
    .selectFrom('tickets')
    .innerJoin('signals', 'signals.ticket_id', 'tickets.id')
    .select(['tickets.id', 'signals.kind', 'tickets.resolved_at'])
    .distinct()
    .where(sql<SqlBool>`tickets.resolution = 'false-alarm'`)
    .where('tickets.resolved_at', '>', now - Math.max(sigmaRules.over, falseAlarms.within))
    .where(sql<SqlBool>`substr(signals.kind, 1, 15) = 'security.sigma.'`)
    .execute()
  if (rows.length === 0) return new Map()
  const forgiven = await armedAgain(reader)
  const counted = rows.filter(({ kind, resolved_at }) => (resolved_at ?? 0) > (forgiven.get(kind) ?? 0))
  const since = now - falseAlarms.within
  return new Map(
    [...Map.groupBy(counted, ({ kind }) => kind)].map(([kind, theirs]) => [
      kind,
      { all: theirs.length, lately: theirs.filter(({ resolved_at }) => (resolved_at ?? 0) > since).length },
    ]),
  )
}

/** When an admin last said that what finds this kind may be believed again. */
async function armedAgain(reader: Kysely<Database>): Promise<Map<string, number>> {
  const rows = await reader
    .selectFrom('disarmed_detectors')
    .select(({ fn }) => ['kind', fn.max('armed_at').as('at')])
    .where('armed_at', 'is not', null)
    .where(sql<SqlBool>`substr(kind, 1, 15) = 'security.sigma.'`)
    .groupBy('kind')
    .execute()
  return new Map(rows.map(({ kind, at }) => [kind, Number(at)]))
}

export const firstDayThatCounts = ({ sigmaRules }: Limits, now: number): number => dayOf(now) - Math.round(sigmaRules.over / days(1))
