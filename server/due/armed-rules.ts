import { minutes } from '#shared/domain/time.ts'
import type { WatchedRule } from '#shared/domain/watched-rules.ts'
import { countDays, dayOf, keyOfRule } from '../arm/days.ts'
import { decide, type Standing } from '../arm/decide.ts'
import { armedRules, beginDay, type Change, inParts, keepDays, keepNew, keepRules, newRow } from '../arm/keep.ts'
import { firstDayThatCounts, readFalseAlarms, readStandings } from '../arm/standings.ts'
import type { Audit, AuditEntry } from '../audit/audit.ts'
import type { Rules } from '../pipeline/keep.ts'
import type { Store } from '../store/store.ts'
import type { WatchedRulesTable } from '../store/tables/arm.ts'

/*
 * Every minute: Sigma rules that people called false too often are disarmed. Once a day of UTC is over it is counted, and rules are armed
 * that have earned it. Each step can be done again after a crash and comes to the same: the day begins anew last. What changes stands in
 * the audit with its numbers, in the same transaction.
 */

interface Needs {
  store: Store
  rules: Rules
  /** Absent in tests of something else. */
  audit?: Pick<Audit, 'record'>
}

/** What was committed a moment after it came is still seen. */
const slackMs = minutes(1)
/** In one line of the audit. */
const maxInLine = 50

export function createArmedRules(needs: Needs): (now: number) => Promise<void> {
  let lookedAt = 0
  return async (now) => {
    const { store } = needs
    await keepNew(store, lookedAt - slackMs, dayOf(now))
    lookedAt = now
    const counted = await countDays(store.reader, dayOf(now))
    if (!counted) return disarmFalse(needs, now)
    await keepDays(store, counted.rows)
    await decideAll(needs, counted.about, now)
    await beginDay(store, dayOf(now), firstDayThatCounts(needs.rules.matrix, now))
  }
}

/** A person's word on an alarm counts at once, not once the day is over. */
async function disarmFalse(needs: Needs, now: number): Promise<void> {
  const { reader } = needs.store
  const armed = await armedRules(reader)
  if (armed.length === 0) return
  const falseAlarms = await readFalseAlarms(reader, needs.rules.matrix, now)
  const changes = armed.flatMap((row): Change[] => {
    const count = falseAlarms.get(row.kind)
    if (!count) return []
    const why = JSON.parse(row.why) as Standing
    const after = judged(needs, row, { ...why, falseAlarms: count.all, falseAlarmsLately: count.lately }, now)
    return after.is_armed === 1 ? [] : [{ row: after, wasArmed: true }]
  })
  await keepChanges(needs, changes)
}

async function decideAll(needs: Needs, about: ReadonlyMap<string, WatchedRule>, now: number): Promise<void> {
  const { store, rules } = needs
  const [standings, falseAlarms, rows] = await Promise.all([
    readStandings(store.reader, rules.matrix, dayOf(now)),
    readFalseAlarms(store.reader, rules.matrix, now),
    store.reader.selectFrom('watched_rules').selectAll().execute(),
  ])
  const known = new Map(rows.map((row) => [keyOfRule(row.rule, row.digest), row]))
  const changes = [...standings].flatMap(([key, { lastDay, ...found }]): Change[] => {
    const told = about.get(key)
    const before = known.get(key) ?? (told && newRow(told, now, lastDay))
    if (!before) return []
    const [, , title, severity, status] = told ?? [before.rule, before.digest, before.title, before.severity, before.status]
    const count = falseAlarms.get(before.kind) ?? { all: 0, lately: 0 }
    const standing = { ...found, falseAlarms: count.all, falseAlarmsLately: count.lately }
    const row = judged(needs, { ...before, title, severity, status, last_day: lastDay }, standing, now)
    return [{ row, wasArmed: before.is_armed === 1 }]
  })
  await keepChanges(needs, changes)
}

function judged({ rules }: Needs, row: WatchedRulesTable, standing: Standing, now: number): WatchedRulesTable {
  const { isArmed, reason } = decide(row.status, standing, row.is_armed === 1, rules.matrix)
  const hasChanged = isArmed !== (row.is_armed === 1)
  const why = JSON.stringify({ ...standing, reason })
  return { ...row, is_armed: isArmed ? 1 : 0, why, changed_at: hasChanged ? now : row.changed_at }
}

const keepChanges = ({ store, audit }: Needs, changes: readonly Change[]): Promise<void> =>
  inParts(changes, (part) =>
    store.db.transaction().execute(async (tx) => {
      await keepRules(
        tx,
        store,
        part.map(({ row }) => row),
      )
      for (const line of linesOf(part)) await audit?.record(tx, line)
    }),
  )

/** Some thousand rules may have earned it on one day. */
function linesOf(changes: readonly Change[]): AuditEntry[] {
  const changed = changes.filter(({ row, wasArmed }) => (row.is_armed === 1) !== wasArmed)
  return [true, false].flatMap((isArmed) => {
    const rows = changed.flatMap(({ row }) => (isArmed === (row.is_armed === 1) ? [row] : []))
    const parts = Array.from({ length: Math.ceil(rows.length / maxInLine) }, (_, index) =>
      rows.slice(index * maxInLine, (index + 1) * maxInLine),
    )
    return parts.map((part) => ({
      ...{ actor: 'system', action: isArmed ? 'rule.arm' : 'rule.disarm', organisationId: null },
      target: part.length === 1 ? `rule:${part[0]?.rule}` : `rules:${part.length}`,
      detail: { rules: part.map(({ rule, digest, why }) => ({ rule, digest, ...(JSON.parse(why) as Standing) })) },
    }))
  })
}
