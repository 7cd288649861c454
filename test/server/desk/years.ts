import { sql } from 'kysely'
import { days } from '#shared/domain/time.ts'
import { requestCommands } from '../../../server/command/command.ts'
import type { Store } from '../../../server/store/store.ts'
import { type DeskRoom, signalRow } from '../../support/desk-room.ts'

/** One ticket that the pipeline made is the pattern of years of them: the nth was closed n steps ago, the first the longest. */
export interface Years {
  organisationId: string
  tickets: number
  everyDays: number
  endpointId?: string
}

let count = 0

/** Each with three signals, its timeline and timers, a notice, a mail, a command; and a signal beside it that became a line of a digest. @returns their ids. */
export async function addYears(room: DeskRoom, { organisationId, tickets, everyDays, endpointId }: Years): Promise<string[]> {
  const { store, time } = room
  count += 1
  const fingerprint = `pattern:${count}`
  await room.signals({
    endpointId: 'srv',
    fingerprint,
    kind: 'health.disk.full',
    facts: { usedRatio: 0.99, freeBytes: 1, totalBytes: 100 },
  })
  const pattern = await store.db.selectFrom('tickets').selectAll().where('fingerprint', '=', fingerprint).executeTakeFirstOrThrow()
  const lines = await store.db.selectFrom('timeline').selectAll().where('ticket_id', '=', pattern.id).execute()
  const timers = await store.db.selectFrom('timers').selectAll().where('ticket_id', '=', pattern.id).execute()
  await store.db
    .updateTable('tickets')
    .set({ status: 'resolved', resolved_at: time.now(), resolution: 'fixed' })
    .where('id', '=', pattern.id)
    .execute()
  const rows = Array.from({ length: tickets }, (_, nth) => {
    const at = time.now() - days((tickets - nth - 1) * everyDays)
    const id = `${fingerprint}-${String(nth).padStart(4, '0')}`
    const about = { ticket_id: id, organisation_id: organisationId }
    const seen = { ...signalRow({ organisationId, endpointId: endpointId ?? null, fingerprint: `years:${nth}` }, at), handled_at: at }
    return {
      id,
      at,
      ticket: {
        ...{ ...pattern, id, number: pattern.number * 1_000 + nth, organisation_id: organisationId, endpoint_id: endpointId ?? null },
        ...{ fingerprint: `years:${nth}`, site_id: null, opened_at: at, came_at: at, last_signal_at: at, resolved_at: at },
        ...({ status: 'resolved', resolution: 'fixed' } as const),
      },
      signals: [1, 2, 3].map((each) => ({ ...seen, id: `${id}-${each}`, outcome: 'ticket' as const, ticket_id: id })),
      loose: { ...seen, id: `${id}-loose`, outcome: 'digest' as const },
      lines: lines.map((line, each) => ({ ...line, id: `${id}-${each}`, ticket_id: id, at })),
      timers: timers.map((timer, each) => ({ ...timer, id: `${id}-${each}`, ticket_id: id, cancelled_at: at })),
      notice: {
        ...{ ...about, id: `${id}-notice`, receiver_id: 'r', event: 'ticket.opened', body: '{}', created_at: at, pass_on_at: null },
        ...{ attempts: 1, next_attempt_at: null, delivered_at: at, failed_at: null, last_error: null },
      },
      mail: { id: `${id}-mail`, status: 'taken', reason: '', sender: 's', subject: '', text: 't', ticket_id: id, received_at: at } as const,
      digest: {
        id: `${id}-line`,
        organisation_id: organisationId,
        endpoint_id: null,
        team: 'tier1',
        signal_id: `${id}-loose`,
        summary: 's',
        at,
        sent_at: at,
      },
      command: { id: `${id}-command`, verb: 'ping', requestedBy: 'p', reason: 'r', organisationId, endpointId: 'srv', ticketId: id },
    }
  })
  await store.db.transaction().execute(async (tx) => {
    const { putRows } = store.capabilities
    await putRows(
      tx,
      'tickets',
      rows.map(({ ticket }) => ticket),
      'ignore',
    )
    await putRows(
      tx,
      'signals',
      rows.flatMap(({ signals, loose }) => [...signals, loose]),
      'ignore',
    )
    await putRows(
      tx,
      'timeline',
      rows.flatMap((row) => row.lines),
      'ignore',
    )
    await putRows(
      tx,
      'timers',
      rows.flatMap((row) => row.timers),
      'ignore',
    )
    await putRows(
      tx,
      'outbox',
      rows.map(({ notice }) => notice),
      'ignore',
    )
    await putRows(
      tx,
      'mails',
      rows.map(({ mail }) => mail),
      'ignore',
    )
    await putRows(
      tx,
      'digest_lines',
      rows.map(({ digest }) => digest),
      'ignore',
    )
    await requestCommands(
      tx,
      putRows,
      rows.map(({ command }) => command),
      time.now(),
    )
    await tx.updateTable('commands').set({ status: 'succeeded', settled_at: time.now() }).where('status', '!=', 'succeeded').execute()
    await tx.deleteFrom('timers').where('ticket_id', '=', pattern.id).execute()
    await tx.deleteFrom('timeline').where('ticket_id', '=', pattern.id).execute()
    await tx.deleteFrom('signals').where('ticket_id', '=', pattern.id).execute()
    await tx.deleteFrom('outbox').where('ticket_id', '=', pattern.id).execute()
    await tx.deleteFrom('pagings').where('ticket_id', '=', pattern.id).execute()
    await tx.deleteFrom('tickets').where('id', '=', pattern.id).execute()
  })
  return rows.map(({ id }) => id)
}

/** How much there is of an organisation. */
export async function left({ db }: Store, organisationId: string) {
  const counted = async (query: ReturnType<typeof sql<{ count: number }>>) => Number((await query.execute(db)).rows[0]?.count)
  return {
    tickets: await counted(sql`select count(*) as count from tickets where organisation_id = ${organisationId}`),
    loose: await counted(sql`select count(*) as count from signals where organisation_id = ${organisationId} and ticket_id is null`),
    digestLines: await counted(sql`select count(*) as count from digest_lines where organisation_id = ${organisationId}`),
  }
}

const references = [
  ...['signals', 'timeline', 'timers', 'outbox', 'mails', 'pagings', 'found_lines', 'noise_exceptions', 'commands'].map((table) => [
    table,
    'ticket_id',
    'tickets',
  ]),
  ...['parent_id', 'follows_id', 'problem_id'].map((column) => ['tickets', column, 'tickets']),
  ...['digest_lines', 'suppressed_signals', 'found_lines'].map((table) => [table, 'signal_id', 'signals']),
  ['standing_commands', 'command_id', 'commands'],
  ['audit_payloads', 'audit_id', 'audit'],
] as [string, string, string][]

/** Rows that name what is not there. */
export async function dangling({ db }: Store): Promise<string[]> {
  const found: string[] = []
  for (const [table, column, named] of references) {
    const query = sql<{
      count: number
    }>`select count(*) as count from ${sql.table(table)} as one where ${sql.ref(`one.${column}`)} is not null
      and not exists (select 1 from ${sql.table(named)} as other where other.id = ${sql.ref(`one.${column}`)})`
    const { rows } = await query.execute(db)
    if (Number(rows[0]?.count) > 0) found.push(`${table}.${column}: ${rows[0]?.count}`)
  }
  return found
}
