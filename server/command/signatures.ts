import { compactVerify, decodeProtectedHeader, importJWK } from 'jose'
import type { Kysely } from 'kysely'
import { CommandOrder } from '#shared/domain/command.ts'
import type { Operator } from '#shared/protocol/authority.ts'
import { type Register, signersNeeded, whyNotTheirs } from '#shared/protocol/command-powers.ts'
import type { Entry } from '../pipeline/changes.ts'
import type { Database } from '../store/schema.ts'
import type { Tx } from '../store/store.ts'
import type { CommandsTable } from '../store/tables/command.ts'

/*
 * Operators' signatures on what waits for them. Enters: a compact JWS over a waiting command's bytes. Leaves: the
 * command, queued once enough different operators have signed, or one sentence why not. Promises: each signature is a
 * fact with its instant, on disk before it counts. Meets: a signature over other bytes, by a stranger, twice by one
 * person: refused here, so that people hear it at once; the agent refuses it anyway.
 */

export interface Signature {
  operator: string
  kid: string
  at: number
  jws: string
}

export type Signed =
  | { kind: 'queued' | 'waits'; command: CommandsTable; needed: number; signed: number }
  | { kind: 'refused'; reason: string }

export interface SignaturesNeeds {
  db: Kysely<Database>
  register(): Register | undefined
  sayOnTimeline(tx: Tx, ticketId: string, entry: Entry): Promise<void>
  /** Whoever hands it in; the signature itself is a line of its own. */
  record?: ((tx: Tx) => Promise<void>) | undefined
}

/** What waits for operators: a command, or an order over many machines. */
export type Waiting = Pick<CommandsTable, 'verb' | 'risk' | 'organisation_id' | 'payload' | 'signatures'> & { status: string }

export const signaturesOf = ({ signatures }: Pick<CommandsTable, 'signatures'>): Signature[] =>
  JSON.parse(signatures ?? '[]') as Signature[]

export async function addSignature(needs: SignaturesNeeds, commandId: string, jws: string, now: number): Promise<Signed> {
  const command = await needs.db.selectFrom('commands').selectAll().where('id', '=', commandId).executeTakeFirst()
  if (!command || command.bulk_id !== null) return refused(waitsForNone)
  const judged = await judge(command, needs.register(), jws, now)
  return judged.kind === 'refused' ? judged : keep(needs, command, judged, now)
}

export type Judged = { kind: 'good'; signatures: Signature[]; needed: number } | { kind: 'refused'; reason: string }

/** What one more signature makes of what waits: those that it has then, and how many it needs. */
export async function judge(waiting: Waiting, register: Register | undefined, jws: string, now: number): Promise<Judged> {
  if (waiting.status !== 'unsigned' || waiting.payload === null || !register) return refused(waitsForNone)
  const operator = await signerOf(jws, waiting.payload, register)
  if (!operator) return refused('This is no signature of an operator in force over the bytes of this command.')
  const signatures = [...signaturesOf(waiting), { operator: operator.name, kid: operator.kid, at: now, jws }]
  const why = whyNot(waiting, signatures, register, now)
  if (why !== undefined) return refused(`${why.charAt(0).toUpperCase()}${why.slice(1)}.`)
  const { risk, verb, organisation_id: organisationId } = waiting
  return { kind: 'good', signatures, needed: signersNeeded({ risk, verb, organisationId }, register) }
}

const waitsForNone = 'This command waits for no signature.'

async function signerOf(jws: string, payload: string, { operators }: Register): Promise<Operator | undefined> {
  try {
    const { kid, typ } = decodeProtectedHeader(jws)
    const operator = operators.find((each) => each.kid === kid)
    if (!operator || typ !== 'tierline-command+jws') return undefined
    const opened = await compactVerify(jws, await importJWK(operator.key, 'EdDSA'), { algorithms: ['EdDSA', 'Ed25519'] })
    return new TextDecoder().decode(opened.payload) === payload ? operator : undefined
  } catch {
    // Whatever a stranger sent: why it is no signature is nobody's business.
    return undefined
  }
}

/** Everything but the number of signatures, which may still grow. */
function whyNot(
  { payload, risk, organisation_id }: Pick<Waiting, 'payload' | 'risk' | 'organisation_id'>,
  signatures: readonly Signature[],
  register: Register,
  now: number,
): string | undefined {
  const names = signatures.map(({ operator }) => operator)
  if (new Set(names).size < names.length) return `${names.at(-1)} has signed it already`
  const order = CommandOrder.parse(JSON.parse(payload ?? ''))
  const signers = register.operators.filter(({ kid }) => signatures.some((each) => each.kid === kid))
  return whyNotTheirs({ order, risk, organisationId: organisation_id, now }, signers, register)
}

async function keep(
  { db, sayOnTimeline, record }: SignaturesNeeds,
  command: CommandsTable,
  { signatures, needed }: Extract<Judged, { kind: 'good' }>,
  now: number,
): Promise<Signed> {
  const { id, verb, ticket_id } = command
  const isEnough = signatures.length >= needed
  const changed = {
    signatures: JSON.stringify(signatures),
    ...(isEnough && { status: 'queued' as const, jws: signatures[0]?.jws ?? null }),
  }
  const isKept = await db.transaction().execute(async (tx) => {
    const update = tx.updateTable('commands').set(changed).where('id', '=', id).where('status', '=', 'unsigned')
    const { numUpdatedRows } = await update.where('signatures', '=', command.signatures).executeTakeFirst()
    const body = { commandId: id, verb, operator: signatures.at(-1)?.operator ?? '', signed: signatures.length, needed }
    if (numUpdatedRows === 1n && ticket_id !== null)
      await sayOnTimeline(tx, ticket_id, { at: now, kind: 'command-signed', actor: 'system', body })
    if (numUpdatedRows === 1n) await record?.(tx)
    return numUpdatedRows === 1n
  })
  if (!isKept) return refused('Somebody signed it at the same moment; sign it once more.')
  return { kind: isEnough ? 'queued' : 'waits', command: { ...command, ...changed }, needed, signed: signatures.length }
}

const refused = (reason: string): { kind: 'refused'; reason: string } => ({ kind: 'refused', reason })
