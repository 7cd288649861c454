import type { Logger } from 'pino'
import { isOpen } from '#shared/domain/ticket.ts'
import { type Cancel, minutes, seconds, type Time } from '#shared/domain/time.ts'
import type { Audit } from '../audit/audit.ts'
import { ticketsWithoutTimer, whenLate } from '../escalate/proof.ts'
import { raiseWithin } from '../ingest/handled.ts'
import { type Kept, keepCases, nothingKept, type Rules } from '../pipeline/keep.ts'
import { loadCases, loadTickets } from '../pipeline/load.ts'
import type { Turns } from '../pipeline/turns.ts'
import type { Store, Tx } from '../store/store.ts'
import { createArmedRules } from './armed-rules.ts'
import { mendMissed } from './maintenance.ts'
import { createOwnHealth, type OwnHealthNeeds } from './own-health.ts'
import { createRecurring } from './recurring.ts'
import { ageOfRegister } from './register-age.ts'
import { createRoundUps } from './round-ups.ts'

/*
 * Every minute: each open ticket has a next timer (invariant 4), nothing waits longer than it should, and no timer is late; what keeps coming back is a problem; Sigma's
 * rules are armed and disarmed by their record. What is found is mended where that
 * can be done (a review is planned), and is a trouble of our own, for a desk whose clocks stand is blind.
 */

const everyMs = minutes(1)
/** Timers that are later than this are a P1. */
export const lateMs = seconds(60)
/** Who wakes after a long sleep fires first what came due in it. */
const secondLookMs = seconds(5)
const maxFound = 1_000

interface Needs extends Pick<OwnHealthNeeds, 'config' | 'ingest'> {
  store: Store
  rules: Rules
  time: Time
  log: Logger
  turns: Turns
  afterCommit(kept: Kept): void
  audit?: Pick<Audit, 'record'>
  /** Of operators; undefined: the collector commands alone. */
  register?: () => { issuedAt: number } | undefined
  /** Signals of our own wait for the pipeline. */
  onRaised(): void
}

export interface SelfCheck {
  /** Looks now. @returns how many open tickets had nothing due. */
  look(): Promise<number>
  stop(): Promise<void>
}

export function startSelfCheck(needs: Needs): SelfCheck {
  const { time, log } = needs
  const lookForProblems = createRecurring(needs)
  const lookAtOwnHealth = createOwnHealth(needs)
  const roundUp = createRoundUps(needs)
  const armRules = createArmedRules(needs)
  let isStopped = false
  let running: Promise<unknown> = Promise.resolve()
  let cancel: Cancel = () => undefined
  const plan = (afterMs: number, run: () => Promise<unknown>): void => {
    if (isStopped) return
    cancel = time.after(afterMs, () => {
      running = run().catch((error: unknown) => log.error({ err: error }, 'the clocks could not be checked; trying again in a minute'))
    })
  }
  const look = async (): Promise<number> => {
    const found = await mendMissing(needs)
    await mendHeld(needs)
    await lookForProblems(time.now())
    await sayRegister(needs)
    const late = await whenLate(needs.store.reader, time.now() - lateMs)
    if (late === undefined) await sayClear(needs)
    await lookAtOwnHealth(time.now())
    await roundUp(time.now())
    await armRules(time.now())
    return found
  }
  const every = async (): Promise<void> => {
    const isLate = (await whenLate(needs.store.reader, time.now() - lateMs)) !== undefined
    plan(isLate ? secondLookMs : everyMs, isLate ? again : every)
    await look()
  }
  const again = async (): Promise<void> => {
    plan(everyMs - secondLookMs, every)
    const dueAt = await whenLate(needs.store.reader, time.now() - lateMs)
    if (dueAt !== undefined) await sayLate(needs, time.now() - dueAt)
  }
  plan(everyMs, every)
  return {
    look,
    async stop() {
      isStopped = true
      cancel()
      await running
    },
  }
}

/** Plans a review of each, by the rule that the last word of every transaction has. */
async function mendMissing({ store, rules, time, turns, afterCommit, onRaised }: Needs): Promise<number> {
  const ids = await ticketsWithoutTimer(store.reader, maxFound)
  if (ids.length === 0) return 0
  const now = time.now()
  const { kept, count } = await turns(async (tx) => {
    const cases = (await loadCases(tx, await loadTickets(tx, ids))).filter(
      ({ ticket, timers }) => isOpen(ticket.status) && timers.length === 0,
    )
    const byOrganisation = Map.groupBy(cases, ({ ticket }) => ticket.organisation_id)
    for (const [organisationId, theirs] of byOrganisation) {
      const numbers = theirs.slice(0, 20).map(({ ticket }) => `#${ticket.number}`)
      const summary = `${theirs.length} open tickets had nothing due any more, and are looked at again now: ${numbers.join(', ')}`
      await raise(tx, organisationId, 'system.timers.missing', 'high', 'happened', summary, { tickets: theirs.length }, now)
    }
    const mended = cases.map((work) => ({ ...work, isChanged: true }))
    return { kept: await keepCases(tx, store.capabilities, rules, mended, now), count: cases.length }
  })
  afterCommit(kept)
  if (count > 0) onRaised()
  return count
}

/** What waits for a window or a machine is looked at again, though the timer that should have done it failed. */
async function mendHeld({ store, rules, time, turns, afterCommit }: Needs): Promise<void> {
  const now = time.now()
  const isMended = await turns((tx) => mendMissed(tx, store, rules.matrix, now - lateMs, now))
  if (isMended) afterCommit({ ...nothingKept, dueAt: now })
}

const lateKind = 'system.timers.late'

async function sayLate({ time, turns, onRaised }: Needs, ms: number): Promise<void> {
  const summary = `What is due is ${Math.round(ms / 1_000)} seconds late: promises, time-boxes and pages wait`
  await turns(async (tx) => {
    const organisation = await oldestOrganisation(tx)
    if (organisation) await raise(tx, organisation, lateKind, 'critical', 'raised', summary, { lateMs: ms }, time.now())
  })
  onRaised()
}

const registerKind = 'system.operators.lapsing'

/** Said once when it is nearly over, once more when it is, and taken back when it was signed anew. */
async function sayRegister({ store, time, turns, onRaised, register }: Needs): Promise<void> {
  const said = ageOfRegister(register?.()?.issuedAt, time.now())
  if (!said) return
  const tickets = store.reader
    .selectFrom('tickets')
    .select('severity')
    .where('endpoint_id', 'is', null)
    .where('fingerprint', '=', registerKind)
  const newest = tickets.where('is_standing', '=', 1).orderBy('number', 'desc')
  // A ticket that a person has ended hears no clear, so none is said for it.
  const standing = await (said.state === 'cleared' ? newest.where('resolved_at', 'is', null) : newest).executeTakeFirst()
  const isSaid =
    said.state === 'cleared'
      ? standing === undefined
      : standing !== undefined && (standing.severity === 'high' || said.severity === 'medium')
  if (isSaid) return
  const { state, severity, summary, leftMs } = said
  await turns(async (tx) => {
    const organisation = await oldestOrganisation(tx)
    if (organisation) await raise(tx, organisation, registerKind, severity, state, summary, { leftMs }, time.now())
  })
  onRaised()
}

async function sayClear({ store, time, turns, onRaised }: Needs): Promise<void> {
  const standing = await store.reader
    .selectFrom('tickets')
    .select('organisation_id')
    .where('endpoint_id', 'is', null)
    .where('fingerprint', '=', lateKind)
    .where('is_standing', '=', 1)
    .executeTakeFirst()
  if (!standing) return
  await turns((tx) => raise(tx, standing.organisation_id, lateKind, 'critical', 'cleared', 'What is due is in time again', {}, time.now()))
  onRaised()
}

const oldestOrganisation = async (tx: Tx): Promise<string | undefined> =>
  (await tx.selectFrom('organisations').select('id').orderBy('created_at').orderBy('id').limit(1).executeTakeFirst())?.id

const raise = (
  tx: Tx,
  organisationId: string,
  kind: string,
  severity: 'critical' | 'high' | 'medium',
  state: 'raised' | 'cleared' | 'happened',
  summary: string,
  facts: Record<string, number>,
  now: number,
): Promise<void> => raiseWithin(tx, { organisationId, endpointId: null, kind, severity, state, fingerprint: kind, summary, facts }, now)
