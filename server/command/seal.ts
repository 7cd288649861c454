import type { Kysely } from 'kysely'
import { urgentVerbs } from '#shared/commands/registry.ts'
import { sentenceOf } from '#shared/domain/fault.ts'
import type { Entry, TicketCase, WriteRows } from '../pipeline/changes.ts'
import type { Database } from '../store/schema.ts'
import type { Tx } from '../store/store.ts'
import type { CommandsTable } from '../store/tables/command.ts'
import { rowOf, type Wanted, whomToCall } from './command.ts'
import { byCollector, mayByItself, orderOf, type SignNeeds } from './sign.ts'

/*
 * What the collector decides by itself against an attack is signed before its decision is kept, and stands signed in the
 * decision's own commit: after it nothing is read or written any more until the order is on the wire. What can't be signed
 * so is asked for as everything is, and the dispatcher's next round signs it.
 */

/** Commands by their ids, signed. */
export type Sealed = ReadonlyMap<string, CommandsTable>
export type Seal = (wanted: readonly Wanted[], now: number) => Promise<Sealed>

export const nothingSealed = (): Sealed => new Map()

/** @param from only read. */
export const createSeal =
  (needs: Pick<SignNeeds, 'sign' | 'register' | 'log'>, from: Kysely<Database>): Seal =>
  async (wanted, now) => {
    const own = wanted.filter(({ verb, requestedBy }) => urgentVerbs.has(verb) && requestedBy === 'system')
    if (own.length === 0) return nothingSealed()
    try {
      const toTell = await whomToCall(from, own)
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

/** After it was asked for, in the same transaction: each step leaves its line in the audit. */
export async function keepSealed(tx: Tx, write: WriteRows, sealed: readonly CommandsTable[]): Promise<void> {
  if (sealed.length === 0) return
  await write.updateRows(
    tx,
    'commands',
    sealed.map(({ id, status, jws }) => ({ id, status, jws })),
    { set: ['status', 'jws'], by: 'id' },
  )
}
