import { randomUUIDv7 } from 'node:crypto'
import type { Insertable, Kysely } from 'kysely'
import { commands as definitions } from '#shared/commands/registry.ts'
import type { DesiredIsolation, IsolationStatus } from '#shared/domain/endpoint.ts'
import { Fault } from '#shared/domain/fault.ts'
import { plainText } from '#shared/domain/plain-text.ts'
import type { ResultRecord } from '#shared/protocol/record.ts'
import type { Order, PutRows, TicketCase } from '../pipeline/changes.ts'
import type { Database } from '../store/schema.ts'
import type { Tx } from '../store/store.ts'
import type { CommandsTable, IsolationsTable } from '../store/tables/command.ts'
import { consentsForgotten } from './consent.ts'

/*
 * Enters: orders that a decision made; results as agents spool them; what agents say of their isolation.
 * Leaves: commands with every step a fact, and desired and actual isolation as two facts.
 * Promises: a command is written in the transaction of the decision that asked for it; what was wanted and what is true
 * are never mixed up (invariant 7). The only writer of its tables.
 * Meets: a result that claims to be another machine's: it settles nothing but commands of the endpoint that sent it.
 */

export interface Wanted extends Order {
  organisationId: string
  endpointId: string
  ticketId: string | null
}

/** Writes `requested` rows, and what is wanted of each machine's network. The dispatcher takes it from there. */
export async function requestCommands(tx: Tx, putRows: PutRows, wanted: readonly Wanted[], now: number): Promise<void> {
  const toTell = await whomToCall(tx, wanted)
  await putRows(
    tx,
    'commands',
    wanted.map((each) => rowOf(each, toTell(each), now)),
    'ignore',
  )
  for (const each of wanted) if (desiredBy[each.verb]) await keepDesired(tx, each, now)
}

export const wantedBy = ({ ticket, subject, orders }: TicketCase): Wanted[] => {
  const { endpoint, organisation } = subject
  return endpoint
    ? orders.map((order) => ({ ...order, organisationId: organisation.id, endpointId: endpoint.id, ticketId: ticket.id }))
    : []
}

/** Ingest's part: the result is on disk before it is acknowledged; the pipeline settles it. */
export async function keepResults(tx: Tx, results: readonly ReportedResult[], receivedAt: number): Promise<void> {
  const rows = results.map(({ endpointId, result }) => ({
    ...{ id: randomUUIDv7(), endpoint_id: endpointId, command_id: plainText(result.commandId), body: JSON.stringify(result) },
    ...{ received_at: receivedAt, handled_at: null },
  }))
  await tx.insertInto('command_results').values(rows).execute()
}

export interface ReportedResult {
  endpointId: string
  result: ResultRecord
}

export interface Report {
  endpointId: string
  status: IsolationStatus
}

/** "Isolated" is said only with proof (invariant 7): without one it is no more than a wish. */
export const isProven = ({ actual, proof }: IsolationStatus): boolean => actual === 'isolated' && Object.keys(proof ?? {}).length > 0

/** What endpoints say is true of them; of one that says two things, the later holds. Nobody has wanted anything of one that is new. */
export async function keepReports(tx: Tx, reports: readonly Report[], now: number): Promise<void> {
  const rows = new Map<string, Insertable<IsolationsTable>>()
  for (const { endpointId, status } of reports) {
    const unasked = { endpoint_id: endpointId, desired: 'open', desired_at: now, desired_by: 'system', proof: null, number: null } as const
    rows.set(endpointId, { ...unasked, ...rows.get(endpointId), ...actualOf(status, now) })
  }
  if (rows.size === 0) return
  const heard = ['actual', 'actual_at', 'is_ready', 'detail'] as const
  await tx
    .insertInto('isolations')
    .values([...rows.values()])
    .onConflict((conflict) =>
      conflict.column('endpoint_id').doUpdateSet(({ ref, fn }) => ({
        ...Object.fromEntries(heard.map((column) => [column, ref(`excluded.${column}`)])),
        proof: fn.coalesce('excluded.proof', 'isolations.proof'),
        number: fn.coalesce('excluded.number', 'isolations.number'),
      })),
    )
    .execute()
}

const actualOf = (status: IsolationStatus, now: number) => ({
  actual: status.actual === 'isolated' && !isProven(status) ? ('isolating' as const) : status.actual,
  actual_at: now,
  is_ready: status.readiness.isReady ? (1 as const) : (0 as const),
  detail: plainText(status.detail || status.readiness.reason || ''),
  ...(status.proof && { proof: JSON.stringify(status.proof) }),
  ...(status.number !== undefined && { number: status.number }),
})

/** What a command of this verb wants of a machine's network; most want nothing. */
export const desiredBy: Record<string, DesiredIsolation> = { 'isolate-host': 'isolated', 'release-host': 'open' }

export async function keepDesired(tx: Tx, wanted: Wants, now: number): Promise<void> {
  for (const statement of desiredStatements(tx, wanted, now)) await statement.execute()
}

type Wants = Pick<Wanted, 'verb' | 'endpointId' | 'requestedBy'>

/** What is wanted of its network now, and nobody's consent to anything before. */
export const desiredStatements = (tx: Tx, { verb, endpointId, requestedBy }: Wants, now: number) => [
  consentsForgotten(tx, endpointId),
  desiredStatement(tx, endpointId, { desired: desiredBy[verb] ?? 'open', desired_at: now, desired_by: requestedBy, neighbours: null }),
]

type Desired = Pick<IsolationsTable, 'desired' | 'desired_at' | 'desired_by'> & { neighbours?: null }

export async function putDesired(tx: Tx, endpointId: string, desired: Desired): Promise<void> {
  await desiredStatement(tx, endpointId, desired).execute()
}

function desiredStatement(tx: Tx, endpointId: string, desired: Desired) {
  const unheard = { actual: 'open', actual_at: desired.desired_at, is_ready: 0, detail: '', proof: null } as const
  return tx
    .insertInto('isolations')
    .values({ endpoint_id: endpointId, ...desired, ...unheard })
    .onConflict((conflict) => conflict.column('endpoint_id').doUpdateSet(desired))
}

/** What the person at a machine is told as it is isolated; nothing where their organisation has said nothing. */
export const whomToCall = (tx: Kysely<Database>, wanted: readonly Told[]): Promise<ToTell> =>
  loadToTell(
    tx,
    wanted.flatMap(({ verb, organisationId }) => (verb === 'isolate-host' ? [organisationId] : [])),
  )

/** The same, before anything is ordered. @param organisations whose machines may be isolated. */
export async function loadToTell(tx: Kysely<Database>, organisations: readonly string[]): Promise<ToTell> {
  const ids = [...new Set(organisations)]
  if (ids.length === 0) return () => ({})
  const rows = await tx.selectFrom('organisations').select(['id', 'call_whom', 'language']).where('id', 'in', ids).execute()
  const said = rows.filter(({ call_whom, language }) => call_whom !== '[]' || language !== 'en')
  const of = new Map(said.map(({ id, call_whom, language }) => [id, { callWhom: JSON.parse(call_whom) as unknown, language }]))
  return ({ verb, organisationId }) => (verb === 'isolate-host' ? (of.get(organisationId) ?? {}) : {})
}

type Told = Pick<Wanted, 'verb' | 'organisationId'>
/** What of it stands in a command's arguments. */
export type ToTell = (each: Told) => Record<string, unknown>

export function rowOf(
  { id, verb, args, requestedBy, reason, organisationId, endpointId, ticketId }: Wanted,
  toTell: Record<string, unknown>,
  now: number,
): CommandsTable {
  const definition = definitions.get(verb)
  if (!definition) throw new Fault('command-unknown', `There is no command "${verb}".`)
  return {
    ...{ id, organisation_id: organisationId, endpoint_id: endpointId, ticket_id: ticketId, verb },
    args: JSON.stringify(definition.args.parse({ ...toTell, ...(args ?? (isolating.has(verb) && ticketId !== null ? { ticketId } : {})) })),
    ...{ risk: definition.risk, status: 'requested', requested_by: requestedBy, reason, requested_at: now },
    ...{
      expires_at: now + definition.ttlMs,
      jws: null,
      payload: null,
      signatures: null,
      sent_at: null,
      delivered_at: null,
      running_at: null,
      settled_at: null,
      result: null,
      resolution: null,
      bulk_id: null,
    },
  }
}

/** Their arguments name the ticket, for the agent's journal. */
const isolating = new Set(['isolate-host', 'release-host'])
