import type { Audit } from '../audit/audit.ts'
import { keepRestore, noteStart } from '../backup/restores.ts'
import { holdCommands } from '../desk/held.ts'
import { planOverdueAnew } from '../due/overdue.ts'
import { awaitWords } from '../identity/awaited.ts'
import { knowNumbers } from '../identity/document-rows.ts'
import { endOpenTokens } from '../identity/tokens.ts'
import { ageUnhandled } from '../ingest/aged.ts'
import { suspendAccess } from '../people/suspended.ts'
import { apply, type Changes, type TicketCase } from '../pipeline/changes.ts'
import { keepCases, type Rules } from '../pipeline/keep.ts'
import { loadCases, loadTickets } from '../pipeline/load.ts'
import type { Store, Tx } from '../store/store.ts'
import { firstNumberAfter } from '../ticket/numbers.ts'
import { type Left, noteRestore } from './restore-note.ts'

/*
 * A restored database doesn't know what was done since: a machine that it wants to isolate may have been isolated and
 * released, a token that it takes may have been revoked. Enters: that database, and of when it is. Leaves: it as a
 * collector may start on it. Promises: nothing that was on its way goes out by itself, nothing that was missed fires in
 * a burst, nothing that may have been ended since opens a door; all of it in one transaction, summed up in one ticket.
 */

export interface Backup {
  madeAt: number
  program: string
}

export async function settleRestored(store: Store, rules: Rules, audit: Audit, { madeAt, program }: Backup, now: number): Promise<Left> {
  return store.db.transaction().execute(async (tx) => {
    const first_ticket_number = await firstNumberAfter(tx, madeAt, now)
    await keepRestore(tx, { restored_at: now, made_at: madeAt, program, first_ticket_number })
    await knowNumbers(tx)
    await ageUnhandled(tx, now)
    const held = await holdCommands(tx, { store, rules, audit }, madeAt, now)
    const left = {
      commands: held.length,
      questions: await openQuestions(tx, store, rules, now),
      timers: await planOverdueAnew(tx, store, rules, now),
      endpoints: await awaitWords(tx, now),
      ...(await suspendAccess(tx, now)),
      enrolmentTokens: (await endOpenTokens(tx, now)).length,
    }
    await noteRestore(tx, madeAt, left, now)
    const about = { actor: 'system', action: 'collector.restore', target: `restore:${now}`, organisationId: null }
    await audit.record(tx, { ...about, detail: { madeAt, program, ...left } })
    return left
  })
}

/** What came due between the restore and the first start on it is planned anew as well. */
export async function startRestored(store: Store, rules: Rules, now: number): Promise<void> {
  await store.db.transaction().execute(async (tx) => {
    if (await noteStart(tx, now)) await planOverdueAnew(tx, store, rules, now)
  })
}

/** What would isolate a machine when nobody answers: nobody knows whether a person has answered since, so it waits for one. */
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
  await keepCases(tx, store.capabilities, rules, cases, now)
  return cases.length
}

function askAgain({ ticket }: TicketCase): Changes {
  const body = { otherwise: 'leave', dueAt: null, why: 'the collector was restored from a backup' }
  const isAsked = ticket.containment === 'asked'
  return { cancel: ['ask-due'], entries: isAsked ? [{ kind: 'containment-asked', actor: 'system', body }] : [] }
}
