import { compactVerify, decodeProtectedHeader, importJWK } from 'jose'
import type { Kysely } from 'kysely'
import type { Operator } from '#shared/protocol/authority.ts'
import { type Register, whyNotByCollector } from '#shared/protocol/command-powers.ts'
import { StandingOrder, standingPayload, standingType } from '#shared/protocol/standing-order.ts'
import { standingSignersNeeded, whyNotStanding } from '#shared/protocol/standing-powers.ts'
import type { Database } from '../../store/schema.ts'
import type { Tx } from '../../store/store.ts'
import type { StandingOrdersTable } from '../../store/tables/command.ts'
import type { Signature } from '../signatures.ts'
import { covered } from './covered.ts'

/*
 * Signatures on standing orders. Enters: the bytes as they were shown, a signature over them. Leaves: a version that
 * machines are sent, or one sentence. Machines check all of it again. Meets: a signature over other bytes, by a stranger,
 * twice by one person; a collector's own signature where operators decide.
 */

export interface KeepNeeds {
  db: Kysely<Database>
  register(): Register | undefined
  /** By the collector's own key. */
  signStanding(payload: StandingOrder): Promise<string>
  /** Of the person who hands in a signature. */
  record?: ((tx: Tx) => Promise<void>) | undefined
}

export type StandingSigned = { kind: 'signed' | 'waits'; signed: number; needed: number } | { kind: 'refused'; reason: string }

export const signaturesOn = ({ signatures }: Pick<StandingOrdersTable, 'signatures'>): Signature[] => JSON.parse(signatures) as Signature[]
export const orderIn = ({ payload }: Pick<StandingOrdersTable, 'payload'>): StandingOrder => StandingOrder.parse(JSON.parse(payload))
/** As its signature names the collector; no operator's name has angle brackets. */
export const collectorsName = '<the collector>'

/** Where its word is enough, the collector signs before anything is kept, so that no crash leaves one that nobody else may sign. */
export async function signedByCollector(needs: KeepNeeds, row: StandingOrdersTable, now: number): Promise<StandingOrdersTable> {
  const order = orderIn(row)
  if (needs.register() !== undefined) {
    const machines = order.role ? [] : await covered(needs.db, order)
    const roles = order.role ? [order.role] : machines.flatMap(({ role, confirmed }) => (confirmed === null ? role : [role, confirmed]))
    if (roles.length === 0 || roles.some((role) => whyNotByCollector(order.verb, row.risk, role) !== undefined)) return row
  }
  const jws = await needs.signStanding(order)
  const signature: Signature = { operator: collectorsName, kid: decodeProtectedHeader(jws).kid ?? '', at: now, jws }
  return { ...row, state: 'signed', signatures: JSON.stringify([signature]) }
}

export async function addStandingSignature(needs: KeepNeeds, row: StandingOrdersTable, jws: string, now: number): Promise<StandingSigned> {
  const register = needs.register()
  if (row.state !== 'unsigned' || !register) return refused('This standing order waits for no signature.')
  const operator = await signerOf(jws, row.payload, register)
  if (!operator) return refused('This is no signature of an operator in force over the bytes of this standing order.')
  const before = signaturesOn(row)
  if (before.some((each) => each.operator === operator.name)) return refused(`${operator.name} has signed it already.`)
  const signatures = [...before, { operator: operator.name, kid: operator.kid, at: now, jws }]
  const order = orderIn(row)
  // How many there must be is counted below: the next may be on its way.
  const why = whyNotStanding({ order, risk: 'low', now, isNew: true }, operatorsOf(signatures, register), register)
  if (why !== undefined) return refused(`It can’t be signed so: ${why}.`)
  const needed = standingSignersNeeded({ order, risk: row.risk }, register)
  const isEnough = signatures.length >= needed
  const isKept = await needs.db.transaction().execute(async (tx) => {
    const hasChanged = await keepSignatures(tx, row, signatures, isEnough)
    if (hasChanged) await needs.record?.(tx)
    return hasChanged
  })
  if (!isKept) return refused('Somebody signed it at the same moment; sign it once more.')
  return { kind: isEnough ? 'signed' : 'waits', signed: signatures.length, needed }
}

export const operatorsOf = (signatures: readonly Signature[], { operators }: Register): Operator[] =>
  operators.filter(({ kid }) => signatures.some((each) => each.kid === kid))

async function keepSignatures(
  db: Kysely<Database>,
  row: StandingOrdersTable,
  signatures: Signature[],
  isEnough: boolean,
): Promise<boolean> {
  const changed = { signatures: JSON.stringify(signatures), ...(isEnough && { state: 'signed' as const }) }
  const update = db.updateTable('standing_orders').set(changed).where('id', '=', row.id).where('number', '=', row.number)
  const { numUpdatedRows } = await update.where('state', '=', 'unsigned').where('signatures', '=', row.signatures).executeTakeFirst()
  return numUpdatedRows === 1n
}

async function signerOf(jws: string, payload: string, { operators }: Register): Promise<Operator | undefined> {
  try {
    const { kid, typ } = decodeProtectedHeader(jws)
    const operator = operators.find((each) => each.kid === kid)
    if (!operator || typ !== standingType) return undefined
    const opened = await compactVerify(jws, await importJWK(operator.key, 'EdDSA'), { algorithms: ['EdDSA', 'Ed25519'] })
    return new TextDecoder().decode(opened.payload) === payload ? operator : undefined
  } catch {
    // Whatever a stranger sent: why it is no signature is nobody's business.
    return undefined
  }
}

export const payloadOf = (order: StandingOrder): string => standingPayload(order)
const refused = (reason: string): StandingSigned => ({ kind: 'refused', reason })
