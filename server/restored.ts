import { apply, type Changes, type TicketCase } from './changes.ts'
import { expire, isolationFailed, keepSettlements, type Settlement } from './command/settle.ts'
import { raiseWithin } from './ingest/handled.ts'
import { keepCases, type Rules } from './keep.ts'
import { loadCases, loadTickets } from './load.ts'
import { keepConsequences } from './results.ts'
import type { Store, Tx } from './store/store.ts'

/*
 * A restored database doesn't know what was done since: a machine it wants to isolate may have been isolated and released.
 * So nothing that was on its way goes out by itself. Commands without an answer are over, and a question that would have
 * answered itself waits for a person; both stand on their tickets, and an isolation that was under way is a ticket anew.
 */

/** How many of each wait for a person now. */
export interface HeldBack {
  commands: number
  questions: number
}

export async function holdBack(store: Store, rules: Rules, madeAt: number, now: number): Promise<HeldBack> {
  return store.db.transaction().execute(async (tx) => ({
    commands: await endCommands(tx, store, rules, madeAt, now),
    questions: await openQuestions(tx, store, rules, now),
  }))
}

async function endCommands(tx: Tx, store: Store, rules: Rules, madeAt: number, now: number): Promise<number> {
  const unsettled = await tx.selectFrom('commands').selectAll().where('settled_at', 'is', null).execute()
  const of = new Date(madeAt).toISOString()
  const detail = `The collector was restored from a backup of ${of}, so it is not sent by itself: ask for it again if it is still wanted.`
  const settlements = unsettled.map((command): Settlement => {
    const { entry, ...settlement } = expire(command, now)
    return { ...settlement, entry: { ...entry, body: { ...entry.body, detail } }, hasIsolationFailed: false }
  })
  await keepSettlements(tx, settlements)
  await keepConsequences(tx, store, rules, settlements, now)
  for (const settlement of settlements.filter(({ command }) => command.verb === 'isolate-host')) {
    const summary = `Whether this machine is cut off from the network has to be looked at: it was asked for, and the collector was restored from a backup of ${of}`
    await raiseWithin(tx, { ...isolationFailed(settlement, ''), summary }, now)
  }
  return settlements.length
}

/** What would isolate a machine when nobody answers. */
async function openQuestions(tx: Tx, store: Store, rules: Rules, now: number): Promise<number> {
  const waiting = await tx
    .selectFrom('timers')
    .select('ticket_id')
    .where('kind', '=', 'ask-due')
    .where('fired_at', 'is', null)
    .where('cancelled_at', 'is', null)
    .execute()
  const tickets = await loadTickets(tx, [...new Set(waiting.flatMap(({ ticket_id }) => ticket_id ?? []))])
  const cases = (await loadCases(tx, tickets)).map((work) => apply(work, askAgain(work), now))
  await keepCases(tx, store.capabilities.putRows, rules, cases, now)
  return cases.length
}

function askAgain({ ticket }: TicketCase): Changes {
  const body = { otherwise: 'leave', dueAt: null, why: 'the collector was restored from a backup' }
  const isAsked = ticket.containment === 'asked'
  return { cancel: ['ask-due'], entries: isAsked ? [{ kind: 'containment-asked', actor: 'system', body }] : [] }
}
