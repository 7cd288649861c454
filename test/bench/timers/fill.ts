import { sql } from 'kysely'
import { minutes } from '#shared/domain/time.ts'
import type { Subject, Trouble } from '../../../server/pipeline/changes.ts'
import type { Store } from '../../../server/store/store.ts'
import type { TimerKind } from '../../../server/store/tables/escalate.ts'
import { draftTicket } from '../../../server/ticket/ticket.ts'

const machines = 1_000
const batch = 5_000
/** What is due in the measured second, by turns: a ticket moves with its packet, promises break, people are reminded. */
const kinds: readonly TimerKind[] = ['time-box', 'respond-due', 'resolve-due', 'untouched']

const subject: Subject = {
  organisation: { id: 'acme', name: 'Acme', mode: 'live', plan: 'round-the-clock', timeZone: 'Europe/Berlin' },
  ...{ site: null, endpoint: null, role: 'server', roleSource: 'facts', isolation: null, tags: [] },
}
const trouble: Trouble = {
  ...{ signalId: 's', kind: 'health.service.down', severity: 'high', state: 'raised', summary: 'cron is down', facts: {} },
  ...{ fingerprint: '', ageMs: 0, happenedAt: null, source: 'agent', urgency: null },
}

/** An organisation with its machines and so many open tickets, each with something due in weeks. */
export async function fillDesk(store: Store, tickets: number, now: number): Promise<void> {
  const { db, capabilities } = store
  const { organisation } = subject
  const { timeZone: time_zone, ...named } = organisation
  await db
    .insertInto('organisations')
    .values({ ...named, time_zone, created_at: now })
    .execute()
  const endpoints = Array.from({ length: machines }, (_, at) => ({
    ...{ id: `machine-${at}`, organisation_id: 'acme', site_id: null, hostname: `host-${at}`, platform: 'linux' as const },
    ...{ confirmed_role: 'server' as const, enrolled_at: now, removed_at: null },
  }))
  await db.transaction().execute((tx) => capabilities.putRows(tx, 'endpoints', endpoints, 'ignore'))
  for (let from = 0; from < tickets; from += batch) {
    const rows = Array.from({ length: Math.min(batch, tickets - from) }, (_, at) => ticketOf(from + at, now))
    const due = rows.map(({ id, number }) => timerOf(`later-${id}`, id, 'review', now + minutes(60 * 24 * 30) + number))
    await db.transaction().execute(async (tx) => {
      await capabilities.putRows(tx, 'tickets', rows, 'ignore')
      await capabilities.putRows(tx, 'timers', due, 'ignore')
    })
  }
  // As a database that has run for a day: it knows how many rows there are.
  await sql.raw('analyze').execute(db)
}

/** Timers of as many tickets, spread evenly over the second that begins at `from`. @returns when each ticket's is due. */
export async function planSecond({ db, capabilities }: Store, count: number, from: number): Promise<Map<string, number>> {
  const rows = Array.from({ length: count }, (_, at) => {
    const kind = kinds[at % kinds.length] ?? 'review'
    return timerOf(`due-${at}`, `ticket-${at}`, kind, from + Math.floor((at * 1_000) / count))
  })
  await db.transaction().execute((tx) => capabilities.putRows(tx, 'timers', rows, 'ignore'))
  return new Map(rows.map(({ ticket_id, due_at }) => [ticket_id, due_at]))
}

function ticketOf(at: number, now: number) {
  const id = `ticket-${at}`
  const drafted = draftTicket({ ...trouble, fingerprint: id }, subject, { id, number: at + 1, sourceId: null }, now - minutes(60))
  return {
    ...drafted,
    ...{ endpoint_id: `machine-${at % machines}`, priority: 'P2' as const, status: 'acknowledged' as const, touched_at: now - minutes(60) },
    ...{
      acknowledged_at: now - minutes(60),
      respond_by: now,
      resolve_by: now + minutes(600),
      matrix_version: 1,
      plan_version: 1,
      version: 1,
    },
  }
}

const timerOf = (id: string, ticket_id: string, kind: TimerKind, due_at: number) => ({
  ...{ id, ticket_id, kind, due_at, payload: '{}', created_at: 0, fired_at: null, cancelled_at: null },
})
