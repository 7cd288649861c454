import { moveSignals } from '../ingest/handled.ts'
import { decideLines } from '../onboard/onboard.ts'
import type { Changes, TicketCase } from '../pipeline/changes.ts'
import type { Rules } from '../pipeline/keep.ts'
import { decide } from '../pipeline/pipeline.ts'
import { columnsOfSignal, loadWorld, type View, type World } from '../pipeline/world.ts'
import type { Store, Tx } from '../store/store.ts'
import { nothingSuppressed } from '../suppress/suppress.ts'
import { foundDecided } from '../ticket/acts.ts'
import type { Act, DeskOutcome } from './desk.ts'

export interface FoundAct extends Act {
  lines: string[]
  decision: 'accept' | 'open'
}

type Decided = { kind: 'changes'; changes: Changes; others: TicketCase[] } | Exclude<DeskOutcome, { kind: 'done' }>

/** Lives with these lines, or makes a ticket of each as if its machine said it now. */
export async function decideFound(tx: Tx, store: Store, act: FoundAct, rules: Rules, now: number): Promise<Decided> {
  const { ticketId, lines: ids, person } = act
  const decision = act.decision === 'accept' ? ('accepted' as const) : ('opened' as const)
  const lines = await decideLines(tx, { ticketId, ids, decision, by: person.id }, now)
  if (lines.length === 0) return { kind: 'refused', reason: 'None of these lines waits: somebody has decided on them.' }
  const signalIds = lines.map(({ signal_id }) => signal_id)
  const others = decision === 'opened' ? await openEach(tx, store, signalIds, rules, now) : []
  const numbers = others.map(({ ticket }) => ticket.number)
  return { kind: 'changes', changes: foundDecided(person.id, { decision, count: lines.length, numbers }, now), others }
}

async function openEach(tx: Tx, store: Store, signalIds: string[], rules: Rules, now: number): Promise<TicketCase[]> {
  const signals = await tx
    .selectFrom('signals')
    .select([...columnsOfSignal])
    .where('id', 'in', signalIds)
    .orderBy('arrival')
    .execute()
  const world = await loadWorld(tx, store.capabilities.listed, signals, rules.matrix, now)
  const view = withoutFinding(world)
  for (const signal of signals) {
    const outcome = decide(view, rules, signal, now)
    world.take(signal, outcome)
    if (outcome.kind === 'ticket') await moveSignals(tx, [signal.id], outcome.work.ticket.id)
  }
  return world.cases.filter(({ isChanged }) => isChanged)
}

/** The same, where nothing is as found any more. */
const withoutFinding = (world: World): View => ({
  subjectOf: world.subjectOf,
  earlier: world.earlier,
  isOver: world.isOver,
  get nextNumber() {
    return world.nextNumber
  },
  newId: world.newId,
  lately: world.lately,
  evidence: world.evidence,
  crowdOf: world.crowdOf,
  loudOf: () => undefined,
  parentOf: world.parentOf,
  provider: world.provider,
  // Somebody wants these tickets now, whatever waits or is spared.
  suppression: { ...nothingSuppressed, disarmed: world.suppression.disarmed },
})
