import type { HeldAnswer } from '#shared/domain/command.ts'
import { isOpen } from '#shared/domain/ticket.ts'
import type { Audit } from '../audit/audit.ts'
import { requestCommands } from '../command/command.ts'
import { endHeld, holdUnderWay } from '../command/held.ts'
import { ordered } from '../command/order.ts'
import { answer } from '../escalate/escalate.ts'
import { apply, type Changes, type TicketCase } from '../pipeline/changes.ts'
import { type Kept, keepCases, nothingKept, type Rules } from '../pipeline/keep.ts'
import { loadCases, loadTickets } from '../pipeline/load.ts'
import type { Store, Tx } from '../store/store.ts'
import type { CommandsTable } from '../store/tables/command.ts'
import { decided } from '../ticket/acts.ts'
import type { DeskOptions, DeskOutcome, Person } from './desk.ts'

/*
 * Commands that a restore holds: each stands on its ticket and on its machine's page until a person sends it or drops it.
 * Of two people who decide, one does; the other is told.
 */

/** Holds what was under way when the backup was made, and says so on its tickets. */
export async function holdCommands(
  tx: Tx,
  { store, rules, audit }: { store: Store; rules: Rules; audit: Audit },
  madeAt: number,
  now: number,
): Promise<CommandsTable[]> {
  const held = await holdUnderWay(tx, audit.record, now)
  const tickets = await loadTickets(tx, [...new Set(held.flatMap(({ ticket_id }) => ticket_id ?? []))])
  const cases = (await loadCases(tx, tickets)).map((work) => {
    const onIt = held.filter(({ ticket_id }) => ticket_id === work.ticket.id)
    const entries = onIt.map(({ id, verb }) => ({ kind: 'command-held' as const, actor: 'system', body: { commandId: id, verb, madeAt } }))
    return apply(work, { entries }, now)
  })
  await keepCases(tx, store.capabilities, rules, cases, now)
  return held
}

export interface HeldDecision {
  commandId: string
  answer: HeldAnswer
  person: Person
}

export interface Held {
  decide(decision: HeldDecision): Promise<DeskOutcome>
}

export function createHeld({ store, rules, time, turns, afterCommit }: DeskOptions): Held {
  return {
    async decide(decision) {
      const now = time.now()
      const kept = await turns(async (tx) => {
        const done = await keepDecision(tx, store, rules, decision, now)
        if (done) await decision.person.record?.(tx)
        return done
      })
      if (!kept) return { kind: 'refused', reason: 'This command waits for nobody any more: somebody has decided, or its result came.' }
      afterCommit(kept)
      return { kind: 'done', version: kept.tickets[0]?.version ?? 0 }
    },
  }
}

async function keepDecision(tx: Tx, store: Store, rules: Rules, decision: HeldDecision, now: number): Promise<Kept | undefined> {
  const { putRows } = store.capabilities
  const command = await endHeld(tx, decision.commandId, now)
  if (!command) return undefined
  const { id, organisation_id: organisationId, endpoint_id: endpointId, ticket_id: ticketId, verb } = command
  const hint = { id, organisationId, endpointId }
  const [work] = ticketId === null ? [] : await loadCases(tx, await loadTickets(tx, [ticketId]))
  if (work) {
    const kept = await keepCases(tx, store.capabilities, rules, [decideHeld(work, command, decision, rules, now)], now)
    return { ...kept, commands: [...kept.commands, hint] }
  }
  if (decision.answer === 'drop') return { ...nothingKept, commands: [hint] }
  const [order] = ordered(verb, decision.person.id, command.reason, argsOf(command)).orders
  const wanted = order ? [{ ...order, organisationId, endpointId, ticketId }] : []
  await requestCommands(tx, putRows, wanted, now)
  return { ...nothingKept, commands: [hint, ...wanted], hasOrders: true }
}

type HeldCommand = Pick<CommandsTable, 'id' | 'verb' | 'reason' | 'args'>
type Said = Pick<HeldDecision, 'answer'> & { person: Pick<Person, 'id'> }

/** On its ticket it is a person's act like any other: somebody has answered (pure). */
export function decideHeld(work: TicketCase, command: HeldCommand, decision: Said, rules: Rules, now: number): TicketCase {
  const acted = [contained(work, command, decision, now), said(command, decision)].reduce(
    (before, changes) => apply(before, changes, now),
    work,
  )
  const isAnswer = isOpen(work.ticket.status)
  return isAnswer ? apply(acted, answer(acted, rules.owedOf(acted), rules.planOf(acted), decision.person.id, now, false), now) : acted
}

const answers = { 'isolate-host': 'isolate', 'release-host': 'release' } as const

function contained(work: TicketCase, { verb, reason }: HeldCommand, { answer: said, person }: Said, now: number): Changes {
  if (verb !== 'isolate-host' && verb !== 'release-host') return { ticket: { touched_at: now } }
  return decided(work, person.id, said === 'drop' ? 'leave' : answers[verb], reason, now)
}

/** What was asked for, whole: many a verb says nothing without. */
const argsOf = ({ args }: Pick<HeldCommand, 'args'>): Record<string, unknown> => JSON.parse(args) as Record<string, unknown>

function said(command: HeldCommand, decision: Said): Changes {
  const { id, verb, reason } = command
  if (decision.answer === 'send') {
    const { orders, entries } = ordered(verb, decision.person.id, reason, argsOf(command))
    return { orders, entries: entries.map((entry) => ({ ...entry, body: { ...entry.body, insteadOf: id } })) }
  }
  const body = { commandId: id, verb, outcome: 'dropped', detail: '' }
  return { entries: [{ kind: 'command-settled', actor: decision.person.id, body }] }
}
