import type { Kysely } from 'kysely'
import { urgentVerbs } from '#shared/commands/registry.ts'
import { sentenceOf } from '#shared/domain/fault.ts'
import type { Entry, TicketCase, WriteRows } from '../pipeline/changes.ts'
import type { Database } from '../store/schema.ts'
import type { Tx } from '../store/store.ts'
import type { CommandsTable } from '../store/tables/command.ts'
import { desiredBy, desiredStatements, rowOf, type ToTell, type Wanted, whomToCall } from './command.ts'
import { byCollector, mayByItself, orderOf, type SignNeeds } from './sign.ts'

/*
 * What the collector decides by itself against an attack is signed before its decision is kept, and stands signed in the
 * decision's own commit: after it nothing is read or written any more until the order is on the wire. What can't be signed
 * so is asked for as everything is, and the dispatcher's next round signs it.
 */

/** Commands by their ids, signed. */
export type Sealed = ReadonlyMap<string, CommandsTable>
/** @param toTell read before; asked for here, when absent. */
export type Seal = (wanted: readonly Wanted[], now: number, toTell?: ToTell) => Promise<Sealed>

export const nothingSealed = (): Sealed => new Map()

/** @param from only read. */
export const createSeal =
  (needs: Pick<SignNeeds, 'sign' | 'register' | 'log'>, from: Kysely<Database>): Seal =>
  async (wanted, now, known) => {
    const own = wanted.filter(({ verb, requestedBy }) => urgentVerbs.has(verb) && requestedBy === 'system')
    if (own.length === 0) return nothingSealed()
    try {
      const toTell = known ?? (await whomToCall(from, own))
      const rows = own.map((each) => rowOf(each, toTell(each), now))
      const signed = (await mayByItself(needs, from, rows)).map(async (row): Promise<[string, CommandsTable]> => {
        const jws = await needs.sign({ ...orderOf(row, now), requestedBy: row.requested_by })
        return [row.id, { ...row, status: 'queued', jws }]
      })
      return new Map(await Promise.all(signed))
    } catch (error) {
      needs.log.error({ reason: sentenceOf(error) }, 'an order could not be signed with its decision; the next round signs it')
      return nothingSealed()
    }
  }

/** What of these orders is signed, as it stands on their ticket's timeline. */
export const sealedEntries = (orders: TicketCase['orders'], signed: Sealed): Omit<Entry, 'at'>[] =>
  orders.flatMap(({ id }) => signed.get(id) ?? []).map(byCollector)

/** Asked for, wanted, and signed, one after the other: each step leaves its line in the audit. Nothing is waited for. */
export async function keepSealed(tx: Tx, write: WriteRows, sealed: readonly CommandsTable[], now: number): Promise<void> {
  if (sealed.length === 0) return
  const asked = sealed.map((row): CommandsTable => ({ ...row, status: 'requested', jws: null }))
  await write.putRows(tx, 'commands', asked, 'ignore')
  for (const { verb, endpoint_id: endpointId, requested_by: requestedBy } of sealed.filter((row) => desiredBy[row.verb]))
    for (const statement of desiredStatements(tx, { verb, endpointId, requestedBy }, now)) await write.post(tx, statement)
  await write.updateRows(
    tx,
    'commands',
    sealed.map(({ id, status, jws }) => ({ id, status, jws })),
    { set: ['status', 'jws'], by: 'id' },
  )
}
