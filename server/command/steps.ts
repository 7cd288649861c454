import { type Kysely, sql } from 'kysely'
import type { Entry } from '../pipeline/changes.ts'
import type { Database } from '../store/schema.ts'
import type { Tx } from '../store/store.ts'
import type { CommandsTable } from '../store/tables/command.ts'

interface Needs {
  db: Kysely<Database>
  sayOnTimeline(tx: Tx, ticketId: string, entry: Entry): Promise<void>
}

export interface Sending {
  command: CommandsTable
  /** Epoch ms. */
  at: number
}

/** The first sending is a fact with a line on the timeline; repetitions are not. @returns what was sent for the first time. */
export async function keepSent({ db, sayOnTimeline }: Needs, sendings: readonly Sending[]): Promise<CommandsTable[]> {
  // In one order for everybody: results of the same commands may be settled beside this, and would wait for it while it waits for them.
  const first = sendings.filter(({ command }) => command.sent_at === null).toSorted(byId)
  if (first.length === 0) return []
  await db.transaction().execute(async (tx) => {
    for (const { command, at } of first) {
      const { id, verb, ticket_id } = command
      await tx.updateTable('commands').set({ sent_at: at }).where('id', '=', id).execute()
      await tx.updateTable('commands').set({ status: 'sent' }).where('id', '=', id).where('status', '=', 'queued').execute()
      if (ticket_id !== null)
        await sayOnTimeline(tx, ticket_id, { at, kind: 'command-sent', actor: 'system', body: { commandId: id, verb } })
    }
  })
  return first.map(({ command }) => command)
}

const byId = ({ command: { id: one } }: Sending, { command: { id: other } }: Sending): number => (one < other ? -1 : 1)

/**
 * It stands in the machine's journal, or has begun there: a fact with its instant, once, and never after its end. One that
 * has begun has arrived, whether or not we heard of that.
 * @returns what it is now; undefined: it was that before.
 */
export async function keepStep(
  { db, sayOnTimeline }: Needs,
  commandId: string,
  step: 'delivered' | 'running',
  now: number,
): Promise<CommandsTable | undefined> {
  const instants =
    step === 'delivered' ? { delivered_at: now } : { running_at: now, delivered_at: sql<number>`coalesce(delivered_at, ${now})` }
  return db.transaction().execute(async (tx) => {
    const update = tx
      .updateTable('commands')
      .set({ status: step, ...instants })
      .where('id', '=', commandId)
    const unsettled = update.where('running_at', 'is', null).where('settled_at', 'is', null)
    const command = await (step === 'delivered' ? unsettled.where('delivered_at', 'is', null) : unsettled).returningAll().executeTakeFirst()
    if (command?.ticket_id == null) return command
    const body = { commandId, verb: command.verb }
    await sayOnTimeline(tx, command.ticket_id, { at: now, kind: `command-${step}`, actor: 'agent', body })
    return command
  })
}
