import type { Kysely } from 'kysely'
import type { Database } from '../../store/schema.ts'
import type { CommandsTable } from '../../store/tables/command.ts'
import { type Signature, signaturesOf } from '../signatures.ts'

/** What goes over the wire for a command. Of several operators the first signature stands for all; the others go beside. */
export interface Outgoing {
  /** Of the order, which the agent keeps its journal by: a bulk's is the same for all its machines. */
  id: string
  jws: string
  also?: string[]
}

/** The signed order of each; of a command that may not go out now, none. A bulk's is read once, however many machines it is for. */
export async function outgoing(
  db: Kysely<Database>,
  commands: readonly CommandsTable[],
): Promise<(command: CommandsTable) => Outgoing | undefined> {
  const ids = [...new Set(commands.flatMap(({ bulk_id }) => bulk_id ?? []))]
  const orders = db.selectFrom('bulks').select(['id', 'jws', 'signatures']).where('status', '=', 'running')
  const bulks = ids.length === 0 ? [] : await orders.where('id', 'in', ids).execute()
  return (command) => {
    const order = command.bulk_id === null ? command : bulks.find(({ id }) => id === command.bulk_id)
    return order && order.jws !== null ? { id: order.id, jws: order.jws, ...others(signaturesOf(order)) } : undefined
  }
}

function others(signatures: readonly Signature[]): { also?: string[] } {
  const [, ...rest] = signatures
  return rest.length === 0 ? {} : { also: rest.map(({ jws }) => jws) }
}
