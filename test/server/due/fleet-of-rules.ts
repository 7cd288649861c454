import { days, minutes } from '#shared/domain/time.ts'
import { kindOfRule, type WatchedRule } from '#shared/domain/watched-rules.ts'
import { listsOf } from '../../../agent/sense/sigma/report.ts'
import { ruleKeepers } from '../../../server/arm/arm.ts'
import { createAudit } from '../../../server/audit/audit.ts'
import { createArmedRules } from '../../../server/due/armed-rules.ts'
import { createIngest } from '../../../server/ingest/ingest.ts'
import { type DeskRoom, openDeskRoom } from '../../support/desk-room.ts'
import { rawSignal, signalRecord } from '../../support/raw-agent.ts'

/* Machines that watch Sigma rules, as their records come to ingest, and a clock that is moved from day to day. */

export const digest = 'a'.repeat(32)
export const rule = (id: string, more: { digest?: string; status?: string; title?: string } = {}): WatchedRule => [
  ...([id, more.digest ?? digest, more.title ?? `Title of ${id}`, 'high', more.status ?? 'test'] as const),
]

export type Fleet = Awaited<ReturnType<typeof openFleet>>

/** @param machines how many of them. */
export async function openFleet(machines: number, url?: string) {
  const names = Array.from({ length: machines }, (_, index) => `m${index}`)
  const roles = Object.fromEntries(names.map((name) => [name, 'server' as const]))
  const room: DeskRoom = await openDeskRoom({ roles, ...(url !== undefined && { url }) })
  const { store, time } = room
  const { db } = store
  const presence = { is_connected: 1 as const, changed_at: 0, last_heard_at: 0, goodbye: null, agent_version: '1' }
  await db
    .insertInto('presences')
    .values(names.map((endpoint_id) => ({ ...presence, endpoint_id })))
    .execute()
  const needs = { keepSamples: async () => undefined, keepInventory: async () => undefined, keepResults: async () => undefined }
  const keepers = { ...needs, ...ruleKeepers(store) }
  const ingest = createIngest({ store, time, keepers, onCommitted: () => undefined })
  const look = createArmedRules({ store, rules: room.matrices.rules, audit: createAudit({ time }) })
  const seqs = new Map<string, number>()

  async function records(name: string, lane: 'inventory' | 'security', ...bodies: unknown[]): Promise<void> {
    const at = seqs.get(`${name} ${lane}`) ?? 0
    seqs.set(`${name} ${lane}`, at + bodies.length)
    const from = { endpointId: name, organisationId: 'acme', siteId: 'site-1', clockBehindMs: 0 }
    const framed = bodies.map((body, index) => ({ seq: at + index + 1, body }))
    const taken = await ingest.takeRecords(from, { epoch: 'epoch-one', lane, records: framed })
    if (taken.kind !== 'taken' || taken.refused.length > 0) throw new Error(JSON.stringify(taken))
  }

  return {
    ...{ room, names, records, ingest },
    /** These machines watch these rules from now on. */
    async watch(rules: readonly WatchedRule[], who: readonly string[] = names) {
      const { lists, leftOut } = listsOf(rules)
      const watched = { since: time.now(), lists: lists.map((list) => list.digest), leftOut }
      const told = lists.map((list) => ({ v: 1, type: 'rule-list', list }))
      for (const name of who) await records(name, 'inventory', ...told, { v: 1, type: 'watched-rules', at: time.now(), watched })
    },
    /** A rule fits on a machine; answers what is stored of it. */
    async hit(name: string, id: string, facts: Record<string, unknown> = {}) {
      const said = { rule: id, digest, level: 'high', armed: false, armedBy: 'nobody', status: 'test', ...facts }
      const about = { kind: kindOfRule(id), severity: 'medium', state: 'happened', detector: 'sigma-rules' } as const
      const signal = rawSignal({ ...about, fingerprint: `${kindOfRule(id)}:${name}`, facts: said, sensedAt: time.now() })
      await records(name, 'security', signalRecord(signal))
      await room.pipeline.nudge(true)
      await room.pipeline.idle()
      return db.selectFrom('signals').selectAll().where('id', '=', signal.id).executeTakeFirstOrThrow()
    },
    look: () => look(time.now()),
    /** The next days, a minute after midnight. */
    async pass(count: number) {
      for (let day = 0; day < count; day += 1) {
        time.jump(days(1) - (time.now() % days(1)) + minutes(1))
        await look(time.now())
      }
    },
    known: async (id: string) => {
      const row = await db.selectFrom('watched_rules').selectAll().where('rule', '=', id).orderBy('last_day', 'desc').executeTakeFirst()
      return row && { isArmed: row.is_armed === 1, since: row.changed_at, ...(JSON.parse(row.why) as Record<string, unknown>) }
    },
    audited: async () => {
      const lines = await db
        .selectFrom('audit')
        .select(['action', 'target', 'actor'])
        .where('action', 'like', 'rule.%')
        .orderBy('number')
        .execute()
      return lines.map(({ action, target, actor }) => `${actor} ${action} ${target}`)
    },
    async close() {
      await ingest.idle()
      await room.close()
    },
  }
}
