import type { Logger } from 'pino'
import { sentenceOf } from '#shared/domain/fault.ts'
import { isAttack } from '#shared/domain/signal.ts'
import type { Time } from '#shared/domain/time.ts'
import { heldByFleet } from '../command/brakes.ts'
import { loadToTell, wantedBy } from '../command/command.ts'
import { isHeldByFleet } from '../command/contain.ts'
import { nothingSealed, type Seal, type Sealed } from '../command/seal.ts'
import type { Warm } from '../command/warm-neighbours.ts'
import { nextTimeOfDay } from '../escalate/calendar.ts'
import { planDigests } from '../escalate/keep-timers.ts'
import { markHandled, raiseWithin } from '../ingest/handled.ts'
import { keepDigestLines } from '../notify/digest.ts'
import { isTold, loadReceivers, type Receiver } from '../notify/notify.ts'
import { keepLines } from '../onboard/onboard.ts'
import type { Store, Tx } from '../store/store.ts'
import { keepFirstSeen } from '../suppress/ages.ts'
import { type Attended, attend } from './attend.ts'
import { raiseFollowing } from './following.ts'
import { createGiveWay } from './give-way.ts'
import { hasChanged, type Kept, keepCases, type Rules } from './keep.ts'
import { readProviderId } from './load-crowds.ts'
import { type Chance, expireCommands, settleResults } from './results.ts'
import { loadStaffInReach } from './staff.ts'
import { keepBook } from './suppression.ts'
import type { Turns } from './turns.ts'
import { createWorkList } from './work-list.ts'
import { loadWorld, type Outcome, type SignalRow, type View, type World } from './world.ts'

/** Deciding lets the event loop turn after this. */
const maxTurnMs = 5

interface Needs extends Chance {
  store: Store
  time: Time
  log: Logger
  turns: Turns
  rules: Rules
  decide(view: View, rules: Rules, signal: SignalRow, now: number): Outcome
  /** Ingest has work that waits: what is not urgent lets it go first. */
  isBusy(): boolean
  /** These were decided and are about to be kept: whoever stands beside a machine has to have asked it before it is cut off. */
  warm?: Warm | undefined
  /** Signs what the collector orders by itself. */
  seal?: Seal | undefined
  /** There is something left that gave way: a round, soon. */
  again(): void
  afterCommit(kept: Kept): void
}

/** The pipeline's rounds: each takes a group of what is unhandled and handles it in one transaction. */
export interface Rounds {
  /** Does one; false: there is nothing left to do. */
  run(): Promise<boolean>
  /** Security or a result may have come: the next round is for those, and it gives way to nobody. */
  hurry(): void
  /** Until there is nothing left no round gives way. */
  finish(): void
}

export function createRounds(needs: Needs): Rounds {
  const { store, turns, time, log, afterCommit } = needs
  const way = createGiveWay(needs)
  const workList = createWorkList(store)
  // What a crash left, too.
  let isUrgent = true
  let isFinishing = false

  const handleGroup = (signals: readonly SignalRow[], isStopped: () => boolean): Promise<Handled> =>
    turns.prepared(
      () => decideAll(needs, signals, isStopped),
      (tx, decided) => {
        workList.readAhead()
        return keepDecided(tx, needs, decided, signals)
      },
    )
  /** A group that fails as a whole is halved until the one that makes it fail stands alone and is put aside, unless it was the store. */
  const handleApart = async (signals: readonly SignalRow[]): Promise<void> => {
    const middle = Math.ceil(signals.length / 2)
    for (const half of [signals.slice(0, middle), signals.slice(middle)]) await handle(half, () => false)
  }
  const handle = async (signals: readonly SignalRow[], isStopped: () => boolean): Promise<boolean> => {
    const [signal] = signals
    if (!signal) return false
    try {
      const { kept, hasRaised, count } = await handleGroup(signals, isStopped)
      afterCommit(kept)
      isUrgent ||= hasRaised
      return hasRaised || count < signals.length
    } catch (error) {
      if (store.capabilities.isStoreTrouble(error)) throw error
      if (signals.length > 1) await handleApart(signals)
      else await putAside(signal, error)
      return true
    }
  }
  const putAside = async (signal: SignalRow, error: unknown): Promise<void> => {
    await turns((tx) => giveUp(tx, store, signal, error, time.now()))
    log.error({ err: error, signal: signal.id, kind: signal.kind }, 'a signal could not be handled and was put aside')
  }

  const urgentRound = async (): Promise<boolean> => {
    isUrgent = false
    workList.forget()
    try {
      const { group } = await workList.next(true)
      const hasHandled = group.length > 0
      await handle(group, () => false)
      const hasSettled = await settleResults(needs)
      isUrgent = (await expireCommands(needs)) || hasSettled || hasHandled || isUrgent
    } catch (error) {
      isUrgent = true
      throw error
    }
    return true
  }
  const handleNext = async (): Promise<boolean> => {
    const { group, isLast } = await workList.next(false)
    return (await handle(group, () => isUrgent)) || !isLast
  }
  const otherRound = async (): Promise<boolean> => {
    // Who asks for the end while a round runs may have left it what this one has not read.
    const wasFinishing = isFinishing
    if (!isFinishing && !way.mayGo()) return false
    const isMore = await handleNext().catch((error: unknown) => {
      workList.forget()
      throw error
    })
    way.went(isMore)
    if (wasFinishing) isFinishing = isMore
    return isMore
  }
  return {
    run: () => (isUrgent ? urgentRound() : otherRound()),
    hurry() {
      isUrgent = true
    },
    finish() {
      isUrgent = true
      isFinishing = true
    },
  }
}

interface Decided {
  world: World
  /** Read before the transaction too, so that it is nothing but writing. */
  receivers: readonly Receiver[]
  attended: Attended
  sealed: Sealed
  failed: { signal: SignalRow; error: unknown }[]
  now: number
}
interface Handled {
  kept: Kept
  /** Signals of our own, which the next round will find. */
  hasRaised: boolean
  count: number
}

/** Loads what the group is decided on and decides it, one after the other, until `isStopped`; nothing is kept yet. */
async function decideAll(needs: Needs, signals: readonly SignalRow[], isStopped: () => boolean): Promise<Decided> {
  const { store, rules, decide, time, log } = needs
  const now = time.now()
  const { deskReader: from } = store
  const isUrgent = signals.some(isAttack)
  const organisations = signals.map(({ organisation_id }) => organisation_id)
  // An attack calls somebody and cuts something off: whom, and what the person there is told, is read beside what it is decided on.
  const [world, staff, hearing, toTell] = await Promise.all([
    loadWorld(from, store.capabilities.listed, signals, rules.matrix, now),
    isUrgent ? loadStaffInReach(from, rules, organisations, now) : undefined,
    isUrgent ? loadReceivers(from) : undefined,
    isUrgent ? loadToTell(from, organisations) : undefined,
  ])
  const failed: Decided['failed'] = []
  let turnBeganAt = time.monotonic()
  for (const signal of signals) {
    try {
      world.take(signal, decide(world, rules, signal, now))
    } catch (error) {
      log.error({ err: error, signal: signal.id, kind: signal.kind }, 'a signal could not be decided and was put aside')
      failed.push({ signal, error })
    }
    if (time.monotonic() - turnBeganAt < maxTurnMs) continue
    await new Promise((resolve) => setImmediate(resolve))
    if (isStopped()) break
    turnBeganAt = time.monotonic()
  }
  const wanted = world.cases.flatMap(wantedBy)
  needs.warm?.(wanted.map(({ verb, endpointId }) => ({ verb, endpoint_id: endpointId })))
  const sealing = needs.seal?.(wanted, now, toTell)
  const receivers = hearing ?? (world.cases.some(isTold) ? await loadReceivers(from) : [])
  const attended = await attend(from, rules, world.cases.filter(hasChanged), () => false, now, staff)
  return { world, receivers, attended, sealed: (await sealing) ?? nothingSealed(), failed, now }
}

async function keepDecided(
  tx: Tx,
  { store, rules }: Needs,
  { world, receivers, attended, sealed, failed, now }: Decided,
  signals: readonly SignalRow[],
): Promise<Handled> {
  for (const { signal, error } of failed) await giveUp(tx, store, signal, error, now)
  const kept = await keepCases(tx, store.capabilities, rules, world.cases, now, { receivers, attended, sealed })
  await keepLines(tx, store.capabilities.putRows, world.found, now)
  const dueAts = [
    ...(await keepDigests(tx, store, rules, world.digests, now)),
    ...(await keepBook(tx, store, world.book, rules.matrix, now)),
  ]
  await markHandled(tx, store.capabilities.claimRows, world.marks, now)
  const count = world.marks.length + failed.length
  await keepFirstSeen(tx, store.capabilities.putRows, world.evidence.firstSeen, now)
  const held = world.cases.find(isHeldByFleet)
  const providerId = held && (await readProviderId(tx))
  if (providerId !== undefined) await raiseWithin(tx, heldByFleet(providerId), now)
  const isFollowed = await raiseFollowing(tx, signals.slice(0, count), rules.matrix, now)
  const dueAt = [kept.dueAt, ...dueAts].reduce((a, b) => (a === null || (b !== null && b < a) ? b : a), null)
  return { kept: { ...kept, dueAt }, hasRaised: isFollowed || held !== undefined || failed.length > 0, count }
}

async function keepDigests(tx: Tx, store: Store, { matrix }: Rules, lines: World['digests'], now: number): Promise<number[]> {
  if (lines.length === 0) return []
  const { putRows } = store.capabilities
  await keepDigestLines(tx, putRows, lines, now)
  const zones = new Map(lines.map(({ organisationId, timeZone }) => [organisationId, timeZone]))
  const digests = [...zones].map(([organisationId, timeZone]) => ({
    organisationId,
    dueAt: nextTimeOfDay(now, matrix.digest.at, timeZone),
  }))
  await planDigests(tx, putRows, digests, now)
  return digests.map(({ dueAt }) => dueAt)
}

/** Nothing is lost: the signal stays, marked as a record, and a ticket of the collector's own asks somebody to look. */
async function giveUp(tx: Tx, store: Store, signal: SignalRow, error: unknown, now: number): Promise<void> {
  await markHandled(tx, store.capabilities.claimRows, [{ signalId: signal.id, outcome: 'record', ticketId: null }], now)
  if (signal.kind.startsWith('system.')) return
  await raiseWithin(
    tx,
    {
      organisationId: signal.organisation_id,
      endpointId: signal.endpoint_id,
      kind: 'system.pipeline.signal-put-aside',
      severity: signal.kind.startsWith('security.') ? 'critical' : 'high',
      fingerprint: `system.pipeline.signal-put-aside:${signal.kind}`,
      summary: `A signal of kind ${signal.kind} could not be handled: ${sentenceOf(error)}`.slice(0, 500),
      facts: { signalId: signal.id, kind: signal.kind },
    },
    now,
  )
}
