import { randomBytes } from 'node:crypto'
import type { Kysely } from 'kysely'
import type { Logger } from 'pino'
import type { CommandOrder } from '#shared/domain/command.ts'
import type { Role } from '#shared/domain/endpoint.ts'
import { sentenceOf } from '#shared/domain/fault.ts'
import { canonicalJson } from '#shared/protocol/canonical.ts'
import { type Register, whyNotByCollector } from '#shared/protocol/command-powers.ts'
import type { Entry } from '../pipeline/changes.ts'
import type { Database } from '../store/schema.ts'
import type { Tx } from '../store/store.ts'
import type { CommandsTable } from '../store/tables/command.ts'
import { askedBy } from './asked-by.ts'

/*
 * Requested → queued, or → unsigned. Where operators are named, the collector's own key only protects: whatever is more
 * waits, as the very bytes that they are asked to sign. Either way it is on disk before it leaves, so that every
 * repetition is the same bytes. Agents hold to the same rules by themselves; this only asks in time.
 */

export interface SignNeeds {
  db: Kysely<Database>
  log: Logger
  /** Compact JWS over the order, by the collector's authority. */
  sign(order: CommandOrder): Promise<string>
  /** Whose keys may sign commands; undefined, or absent: the collector commands alone. */
  register?: (() => Register | undefined) | undefined
  sayOnTimeline(tx: Tx, ticketId: string, entry: Entry): Promise<void>
  /** Of the audit; operators sign it with each order. */
  auditHead?: ((db: Kysely<Database>) => Promise<string>) | undefined
}

type Prepared = CommandsTable & { why?: string }

/** @returns those that can go out now. */
export async function signRequested(needs: SignNeeds, requested: readonly CommandsTable[], now: number): Promise<CommandsTable[]> {
  if (requested.length === 0) return []
  const roles = needs.register?.() ? await rolesOf(needs.db, idsOf(requested)) : undefined
  const reasons = requested.map((command) => roles && whyNotByCollector(...askedOf(command, roles)))
  const auditHead = reasons.some((why) => why !== undefined) ? await headOrNone(needs) : undefined
  const nameOf = await askedBy(
    needs.db,
    requested.map(({ requested_by }) => requested_by),
  )
  const prepared = await Promise.all(
    requested.map((command, at) =>
      prepare(needs, command, { ...orderOf(command, now), requestedBy: nameOf(command.requested_by) }, reasons[at], auditHead),
    ),
  )
  await needs.db.transaction().execute(async (tx) => {
    for (const each of prepared) await keepPrepared(tx, needs, each, now)
  })
  return prepared.filter(({ status }) => status === 'queued')
}

/** Those that the collector may sign alone. */
export async function mayByItself(
  { register }: Pick<SignNeeds, 'register'>,
  from: Kysely<Database>,
  commands: readonly CommandsTable[],
): Promise<CommandsTable[]> {
  if (!register?.()) return [...commands]
  const roles = await rolesOf(from, idsOf(commands))
  return commands.filter((command) => whyNotByCollector(...askedOf(command, roles)) === undefined)
}

/**
 * What the collector signed and queued before operators were named, agents take for forged by now: it is asked for anew,
 * and waits for signatures. One that was delivered stands in its machine's journal, which answers for it by itself.
 * @returns those that may go out once more.
 */
export async function withoutOverruled({ db, register }: SignNeeds, commands: readonly CommandsTable[]): Promise<CommandsTable[]> {
  if (commands.length === 0 || !register?.()) return [...commands]
  const roles = await rolesOf(db, idsOf(commands))
  const isOverruled = (command: CommandsTable): boolean =>
    command.bulk_id === null && command.signatures === null && whyNotByCollector(...askedOf(command, roles)) !== undefined
  const overruled = commands.filter(isOverruled).map(({ id }) => id)
  if (overruled.length > 0) {
    const back = db.updateTable('commands').set({ status: 'requested', jws: null }).where('id', 'in', overruled)
    await back.where('status', 'in', ['queued', 'sent']).where('settled_at', 'is', null).execute()
  }
  return commands.filter(({ id }) => !overruled.includes(id))
}

/** Once a batch. An audit that can't be read keeps no command from going out. */
export async function headOrNone({ db, log, auditHead }: SignNeeds): Promise<string | undefined> {
  try {
    return await auditHead?.(db)
  } catch (error) {
    log.error({ reason: sentenceOf(error) }, 'orders are shown to operators without the head of the audit')
    return undefined
  }
}

async function prepare(
  { sign }: SignNeeds,
  command: CommandsTable,
  order: CommandOrder,
  why: string | undefined,
  auditHead: string | undefined,
): Promise<Prepared> {
  if (why !== undefined) {
    const seen = { ...order, ...(auditHead !== undefined && { auditHead }) }
    return { ...command, status: 'unsigned', payload: canonicalJson(seen), signatures: '[]', why }
  }
  return { ...command, status: 'queued', jws: await sign(order) }
}

/** By itself the collector names only processes that the agent has accused; the agent looks into its own journal. */
const askedOf = ({ verb, risk, endpoint_id, requested_by }: CommandsTable, roles: Map<string, Role>) =>
  [verb, risk, roles.get(endpoint_id) ?? 'unknown', requested_by === 'system'] as const

async function keepPrepared(
  tx: Tx,
  needs: SignNeeds,
  { id, verb, status, jws, payload, signatures, ticket_id, why }: Prepared,
  now: number,
) {
  const kept = tx.updateTable('commands').set({ status, jws, payload, signatures }).where('id', '=', id)
  await kept.where('status', '=', 'requested').execute()
  if (ticket_id === null) return
  const said =
    why === undefined
      ? byCollector({ id, verb })
      : ({ kind: 'command-unsigned', actor: 'system', body: { commandId: id, verb, why } } as const)
  await needs.sayOnTimeline(tx, ticket_id, { at: now, ...said })
}

/** On the timeline as an operator's signature is; it is queued with that. */
export const byCollector = ({ id: commandId, verb }: Pick<CommandsTable, 'id' | 'verb'>): Omit<Entry, 'at'> => ({
  ...{ kind: 'command-signed', actor: 'system' },
  body: { commandId, verb, operator: 'The collector’s key', signed: 1, needed: 1 },
})

export function orderOf(
  { id, verb, args, endpoint_id, expires_at, reason }: CommandsTable,
  now: number,
): Omit<CommandOrder, 'requestedBy'> {
  return {
    ...{ id, verb, args: JSON.parse(args) as CommandOrder['args'], endpoints: [endpoint_id], nonce: randomBytes(16).toString('base64url') },
    ...{ issuedAt: now, expiresAt: expires_at, reason: reason.slice(0, 500) },
  }
}

const idsOf = (commands: readonly CommandsTable[]): string[] => [...new Set(commands.map(({ endpoint_id }) => endpoint_id))]

/** As the agents see themselves: what a person said reached them only in their enrolment token, and what is said later never. */
export async function rolesOf(db: Kysely<Database>, ids: readonly string[]): Promise<Map<string, Role>> {
  const rows = await db
    .selectFrom('endpoints')
    .leftJoin('inventories', 'inventories.endpoint_id', 'endpoints.id')
    .leftJoin('enrolment_tokens', 'enrolment_tokens.used_by_endpoint_id', 'endpoints.id')
    .select(['endpoints.id', 'enrolment_tokens.role as said', 'inventories.role as found'])
    .where('endpoints.id', 'in', ids)
    .execute()
  return new Map(rows.map(({ id, said, found }) => [id, (said === 'unknown' ? null : said) ?? found ?? 'unknown']))
}
