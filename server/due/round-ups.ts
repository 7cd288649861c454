import type { Kysely } from 'kysely'
import { fitsKind } from '#shared/domain/signal.ts'
import { minutes } from '#shared/domain/time.ts'
import { periodBegan } from '../escalate/calendar.ts'
import { raiseAllWithin } from '../ingest/handled.ts'
import type { OwnTrouble } from '../ingest/rows.ts'
import { enqueue, loadReceivers } from '../notify/notify.ts'
import { type Kept, nothingKept, type Rules } from '../pipeline/keep.ts'
import type { Turns } from '../pipeline/turns.ts'
import { unroutedReason } from '../route/explain.ts'
import type { RoundUp } from '../route/sections/noise.ts'
import type { Database } from '../store/schema.ts'
import type { Store, Tx } from '../store/store.ts'

/*
 * What is only a line of the digest is forgotten the day after. Enters: lines that are still true when a week or a quarter begins, by the
 * clock of their organisation at the digest's hour. Leaves: one trouble of the organisation for them, with its machines, never one a machine;
 * and once a week, to whoever keeps the matrix, what none of its routes names. Each is made once, in the transaction that says so; after
 * weeks of absence it is one and not one a week.
 * Threat: none is met here; what machines said of themselves is shown as text.
 */

const lookEveryMs = minutes(5)
const unrouted = 'unrouted'
const maxNamed = 100
const maxListed = 200
/** Of one piece of evidence. */
const maxText = 16_000

interface Needs {
  store: Store
  rules: Rules
  turns: Turns
  afterCommit(kept: Kept): void
}

interface Line {
  kind: string
  summary: string
  hostname: string
}

export function createRoundUps(needs: Needs): (now: number) => Promise<void> {
  let lookedAt = -Infinity
  return async (now) => {
    if (now - lookedAt < lookEveryMs) return
    for (const each of needs.rules.matrix.roundUps) await roundUp(needs, each, now)
    await listUnrouted(needs, now)
    lookedAt = now
  }
}

async function roundUp({ store, rules, turns, afterCommit }: Needs, { of, every, one, raises }: RoundUp, now: number): Promise<void> {
  const { at } = rules.matrix.digest
  const organisations = await lastOf(store.reader, raises)
  const due = organisations.filter(({ timeZone, last }) => last < periodBegan(every, at, timeZone, now))
  for (const { id } of due) {
    const lines = (await standingLines(store.reader, id)).filter(({ kind }) => fitsKind(of, kind))
    const groups = one === 'kind' ? Map.groupBy(lines, ({ kind }) => kind) : Map.groupBy(lines, () => raises)
    const troubles = [...groups].map(([name, theirs]) => troubleOf(id, raises, name, every, theirs))
    await turns(async (tx) => {
      await markDone(tx, store, id, raises, now)
      await raiseAllWithin(tx, store.capabilities, troubles, now)
    })
    afterCommit({ ...nothingKept, hasRaised: troubles.length > 0 })
  }
}

/** A new organisation's first is at the next beginning, not at once. */
async function lastOf(db: Kysely<Database>, name: string) {
  const rows = await db
    .selectFrom('organisations')
    .leftJoin('round_ups', (join) => join.onRef('round_ups.organisation_id', '=', 'organisations.id').on('round_ups.name', '=', name))
    .select(['organisations.id', 'time_zone as timeZone', 'created_at', 'round_ups.at'])
    .orderBy('created_at')
    .orderBy('organisations.id')
    .execute()
  return rows.map(({ id, timeZone, created_at, at }) => ({ id, timeZone, last: Number(at ?? created_at) }))
}

const markDone = (tx: Tx, { capabilities }: Store, organisation_id: string, name: string, at: number) =>
  capabilities.putRows(tx, 'round_ups', [{ organisation_id, name, at }], { replaceWhere: ['organisation_id', 'name'] })

/** What became a line of a digest, not a ticket, and is still true. */
const standingLines = (db: Kysely<Database>, organisationId: string): Promise<Line[]> =>
  db
    .selectFrom('conditions')
    .innerJoin('endpoints', 'endpoints.id', 'conditions.endpoint_id')
    .innerJoin('signals', (join) =>
      join
        .onRef('signals.endpoint_id', '=', 'conditions.endpoint_id')
        .onRef('signals.received_at', '=', 'conditions.raised_at')
        .onRef('signals.fingerprint', '=', 'conditions.fingerprint'),
    )
    .select(['signals.kind', 'signals.summary', 'endpoints.hostname'])
    .where('endpoints.organisation_id', '=', organisationId)
    .where('endpoints.removed_at', 'is', null)
    .where('signals.outcome', '=', 'digest')
    .orderBy('endpoints.hostname')
    .orderBy('signals.fingerprint')
    .execute()

function troubleOf(organisationId: string, raises: string, name: string, every: RoundUp['every'], lines: readonly Line[]): OwnTrouble {
  const machines = [...new Set(lines.map(({ hostname }) => hostname))]
  const [first] = lines
  const what = name === raises ? `${lines.length} things` : name
  const of = machines.length === 1 ? `${first?.hostname}` : `${machines.length} machines, such as ${first?.hostname}`
  const text = lines.map(({ hostname, summary }) => `${hostname}: ${summary}`).join('\n')
  return {
    ...{ organisationId, endpointId: null, kind: raises, severity: 'low', fingerprint: name === raises ? raises : `${raises}:${name}` },
    summary: `Still true this ${every}: ${what} on ${of}: ${first?.summary}`.slice(0, 500),
    facts: { machines: machines.slice(0, maxNamed), count: machines.length },
    evidence: [{ name: 'what is still true', text: text.length > maxText ? `${text.slice(0, maxText)}\n…` : text }],
  }
}

/** To the provider's own people, in the words of a digest. */
async function listUnrouted({ store, rules, turns, afterCommit }: Needs, now: number): Promise<void> {
  const { at, unroutedTo } = rules.matrix.digest
  const [provider] = await lastOf(store.reader, unrouted)
  if (unroutedTo === undefined || !provider || provider.last >= periodBegan('week', at, provider.timeZone, now)) return
  const lines = (await unroutedKinds(store.reader, provider.last, now)).map((summary) => ({ summary, at: now, endpointId: null }))
  const body = { team: unroutedTo, count: lines.length, lines }
  const about = { organisationId: provider.id, ticketId: null, team: unroutedTo, isProviders: true, isForContacts: false }
  await turns(async (tx) => {
    await markDone(tx, store, provider.id, unrouted, now)
    if (lines.length === 0) return
    const receivers = (await loadReceivers(tx)).filter(({ team }) => team === unroutedTo)
    await enqueue(tx, store.capabilities.putRows, [{ event: 'digest', ...about, body }], receivers, now)
  })
  afterCommit({ ...nothingKept, hasNotices: lines.length > 0 })
}

async function unroutedKinds(db: Kysely<Database>, since: number, until: number): Promise<string[]> {
  const rows = await db
    .selectFrom('tickets')
    .select(['kind'])
    .select(({ fn }) => [
      fn.countAll().as('tickets'),
      fn.count('organisation_id').distinct().as('organisations'),
      fn.max('title').as('title'),
    ])
    .where('opened_at', '>=', since)
    .where('opened_at', '<', until)
    .where('reasons', 'like', `%${unroutedReason}%`)
    .groupBy('kind')
    .orderBy('kind')
    .limit(maxListed)
    .execute()
  return rows.map(
    ({ kind, tickets, organisations, title }) =>
      `No route names ${kind}: ${tickets} tickets of ${organisations} organisations this week, such as “${title}”`,
  )
}
