import { readFile, statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Kysely, sql } from 'kysely'
import { days, hours, minutes, seconds } from '#shared/domain/time.ts'
import { lastBackupFile } from '../backup/backup.ts'
import { raiseWithin } from '../ingest/handled.ts'
import type { Turns } from '../pipeline/turns.ts'
import type { Database } from '../store/schema.ts'
import type { Store } from '../store/store.ts'

/*
 * How the collector itself is, every minute: what agents send is committed, its disk has room, it was backed up, and whoever is to be told
 * can be told. Enters: files of the data folder, the outbox, how long ingest stands. Leaves: troubles of our own, each raised once and
 * cleared once. On failure of the store: what stood meanwhile is said when it is back. Threat: none is met here; whoever stops the
 * collector is told of by the heartbeat at an outside address.
 */

/** Row 40 of the design's kinds. */
export const limits = { standsMs: seconds(60), backupMs: hours(26), freeShare: 0.1 } as const
/** What was said of the disk is taken back a little later, so that a file more is no second ticket. */
const easedFreeShare = 0.12
/** Tries that a receiver has failed in a row: more than a minute of them. */
const manyTries = 5

export interface OwnHealthNeeds {
  store: Store
  turns: Turns
  config?: { dataDir: string } | undefined
  ingest?(): { stillMs(): number } | undefined
  onRaised(): void
}

interface Unwell {
  kind: string
  fingerprint: string
  severity: 'critical' | 'high'
  summary: string
  facts: Record<string, number | string>
}

export function createOwnHealth(needs: OwnHealthNeeds): (now: number) => Promise<void> {
  const said = new Set<string>()
  let stoodMs = 0
  return async (now) => {
    const stillMs = needs.ingest?.()?.stillMs() ?? 0
    stoodMs = Math.max(stoodMs, stillMs)
    const standing = await standingOnes(needs.store.reader)
    const found = [
      ...ingestStands(stoodMs),
      ...(await ofFolder(needs.config?.dataDir, standing, now)),
      ...(await notifiersFailing(needs.store.reader, now)),
    ]
    const isTrue = new Set(found.map(({ fingerprint }) => fingerprint))
    const news = found.filter(({ fingerprint }) => !standing.has(fingerprint) && !said.has(fingerprint))
    const over = [...standing.values()].filter(({ fingerprint }) => !isTrue.has(fingerprint))
    await say(needs, news, over, now)
    for (const { fingerprint } of news) said.add(fingerprint)
    for (const fingerprint of said) if (!isTrue.has(fingerprint)) said.delete(fingerprint)
    stoodMs = 0
  }
}

async function say({ turns, onRaised }: OwnHealthNeeds, news: readonly Unwell[], over: readonly Said[], now: number): Promise<void> {
  if (news.length + over.length === 0) return
  await turns(async (tx) => {
    const first = await tx.selectFrom('organisations').select('id').orderBy('created_at').orderBy('id').limit(1).executeTakeFirst()
    for (const each of first ? news : [])
      await raiseWithin(tx, { ...each, organisationId: first?.id ?? '', endpointId: null, state: 'raised' }, now)
    for (const { organisation_id, kind, fingerprint, severity } of over) {
      const summary = 'This is as it should be again'
      const place = { organisationId: organisation_id, endpointId: null, state: 'cleared' as const }
      await raiseWithin(tx, { ...place, kind, fingerprint, severity, summary, facts: {} }, now)
    }
  })
  onRaised()
}

const kinds = ['system.ingest.stopped', 'system.disk.low', 'system.backup.late', 'system.notifier.failing']
type Said = Awaited<ReturnType<typeof standingTickets>>[number]

const standingTickets = (db: Kysely<Database>) =>
  db
    .selectFrom('tickets')
    .select(['organisation_id', 'kind', 'fingerprint', 'severity'])
    .where('endpoint_id', 'is', null)
    .where('kind', 'in', kinds)
    .where('is_standing', '=', 1)
    .where('resolved_at', 'is', null)
    .execute()

const standingOnes = async (db: Kysely<Database>): Promise<Map<string, Said>> =>
  new Map((await standingTickets(db)).map((each) => [each.fingerprint, each]))

function ingestStands(ms: number): Unwell[] {
  if (ms <= limits.standsMs) return []
  const kind = 'system.ingest.stopped'
  const summary = `What agents sent was not committed for ${Math.round(ms / seconds(1))} seconds: look at the database and its disk`
  return [{ kind, fingerprint: kind, severity: 'critical', summary, facts: { standsMs: ms } }]
}

async function ofFolder(folder: string | undefined, standing: ReadonlyMap<string, Said>, now: number): Promise<Unwell[]> {
  if (folder === undefined) return []
  const { bavail, blocks } = await statfs(folder)
  const least = standing.has('system.disk.low') ? easedFreeShare : limits.freeShare
  return [...diskLow(bavail / Math.max(1, blocks), least), ...backupLate(now - (await lastBackupAt(folder, now)))]
}

/** @param share of the disk that is free. */
export function diskLow(share: number, least: number): Unwell[] {
  if (share >= least) return []
  const kind = 'system.disk.low'
  const percent = Math.floor(share * 100)
  const summary = `The disk of the collector's data folder has ${percent} % left: make room, or nothing can be taken in`
  return [{ kind, fingerprint: kind, severity: 'high', summary, facts: { freePercent: percent } }]
}

export function backupLate(ageMs: number): Unwell[] {
  if (ageMs <= limits.backupMs) return []
  const kind = 'system.backup.late'
  const ageHours = Math.floor(ageMs / hours(1))
  const summary = `This collector was not backed up for ${ageHours} hours (tierline backup)`
  return [{ kind, fingerprint: kind, severity: 'high', summary, facts: { ageHours } }]
}

/** A collector that never was is counted from when it was first looked for. */
async function lastBackupAt(folder: string, now: number): Promise<number> {
  const file = join(folder, lastBackupFile)
  const said = Number(await readFile(file, 'utf8').catch(() => ''))
  if (said > 0) return said
  await writeFile(file, String(now), { mode: 0o600 })
  return now
}

/** Ways to our own people and programs; a customer's address that is wrong is said on their ticket. */
async function notifiersFailing(db: Kysely<Database>, now: number): Promise<Unwell[]> {
  const rows = await db
    .selectFrom('receivers')
    .innerJoin('outbox', 'outbox.receiver_id', 'receivers.id')
    .select(({ fn }) => ['receivers.id', 'receivers.name', 'receivers.notifier', fn.max('outbox.delivered_at').as('deliveredAt')])
    .select(
      sql<number | null>`max(case when outbox.delivered_at is null and (outbox.failed_at is not null or outbox.attempts >= ${manyTries})
      then outbox.created_at end)`.as('failingSince'),
    )
    .where('audience', 'in', ['everybody', 'person'])
    .where('disabled_at', 'is', null)
    .where('outbox.created_at', '>', now - days(1) - minutes(1))
    .groupBy(['receivers.id', 'receivers.name', 'receivers.notifier'])
    .execute()
  const failing = rows.filter(({ failingSince, deliveredAt }) => failingSince !== null && Number(failingSince) > Number(deliveredAt ?? 0))
  const kind = 'system.notifier.failing'
  return failing.map(({ id, name, notifier }) => ({
    ...{ kind, fingerprint: `${kind}:${id}`, severity: 'high', facts: { notifier, receiver: id } },
    summary: `${name} (${notifier}) could not be told for a while: see the reason beside its deliveries`.slice(0, 500),
  }))
}
