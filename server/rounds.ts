import { type SqlBool, sql } from 'kysely'
import type { Logger } from 'pino'
import { sentenceOf } from '#shared/domain/fault.ts'
import type { Time } from '#shared/domain/time.ts'
import { nextTimeOfDay } from './escalate/calendar.ts'
import { planDigests } from './escalate/escalate.ts'
import { markHandled, raiseWithin } from './ingest/handled.ts'
import { type Kept, keepCases, nothingKept, type Rules } from './keep.ts'
import { keepDigestLines } from './notify/notify.ts'
import { type Chance, expireCommands, settleResults } from './results.ts'
import type { Store, Tx } from './store/store.ts'
import type { Turns } from './turns.ts'
import { columnsOfSignal, loadWorld, type Outcome, type SignalRow, type View, type World } from './world.ts'

/** A group small enough to decide in a few milliseconds, large enough that the commit is shared. */
const maxSignals = 200

interface Needs extends Chance {
  store: Store
  time: Time
  log: Logger
  turns: Turns
  rules: Rules
  decide(view: View, rules: Rules, signal: SignalRow, now: number): Outcome
  afterCommit(kept: Kept): void
}

/** One round of the pipeline: takes a group of what is unhandled and handles it in one transaction; false: there was nothing. */
export function createRounds(needs: Needs): () => Promise<boolean> {
  const { turns, time, log, afterCommit } = needs

  const handleGroup = (signals: readonly SignalRow[]): Promise<Kept> => {
    const now = time.now()
    return turns((tx) => handle(tx, needs, signals, now))
  }
  /** The group failed as a whole; the one that made it fail is found by handling each alone, and is put aside, unless it was the store. */
  const handleEach = async (signals: readonly SignalRow[]): Promise<void> => {
    for (const signal of signals) afterCommit(await handleGroup([signal]).catch((error: unknown) => putAside(signal, error)))
  }
  const putAside = async (signal: SignalRow, error: unknown): Promise<Kept> => {
    if (needs.store.capabilities.isStoreTrouble(error)) throw error
    await turns((tx) => giveUp(tx, signal, error, time.now()))
    log.error({ error, signal: signal.id, kind: signal.kind }, 'a signal could not be handled and was put aside')
    return nothingKept
  }
  const nextSignals = async (): Promise<SignalRow[]> => {
    const urgent = await unhandled(needs.store, true)
    return urgent.length > 0 ? urgent : unhandled(needs.store, false)
  }
  return async () => {
    const signals = await nextSignals()
    const kept = signals.length === 0 ? nothingKept : await handleGroup(signals).catch(() => undefined)
    if (kept) afterCommit(kept)
    else await handleEach(signals)
    const hasSettled = (await settleResults(needs)) || (await expireCommands(needs))
    return hasSettled || signals.length > 0
  }
}

async function handle(tx: Tx, { store, rules, decide, log }: Needs, signals: readonly SignalRow[], now: number): Promise<Kept> {
  const { putRows } = store.capabilities
  const world = await loadWorld(tx, signals, rules.matrix, now)
  for (const signal of signals) {
    try {
      world.take(signal, decide(world, rules, signal, now))
    } catch (error) {
      log.error({ error, signal: signal.id, kind: signal.kind }, 'a signal could not be decided and was put aside')
      await giveUp(tx, signal, error, now)
    }
  }
  const kept = await keepCases(tx, putRows, rules, world.cases, now)
  const dueAts = await keepDigests(tx, store, rules, world.digests, now)
  await markHandled(tx, world.marks, now)
  return { ...kept, dueAt: [kept.dueAt, ...dueAts].reduce((a, b) => (a === null || (b !== null && b < a) ? b : a), null) }
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
async function giveUp(tx: Tx, signal: SignalRow, error: unknown, now: number): Promise<void> {
  await markHandled(tx, [{ signalId: signal.id, outcome: 'record', ticketId: null }], now)
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

/** In the order in which they were committed; security before all else (invariant 9). */
function unhandled({ db }: Store, isUrgent: boolean): Promise<SignalRow[]> {
  const all = db.selectFrom('signals').select(columnsOfSignal).where('handled_at', 'is', null)
  // Word for word as in the index signals_urgent, so that a long queue of health is not searched for security.
  const some = isUrgent ? all.where(sql<SqlBool>`substr(kind, 1, 9) = 'security.'`) : all
  return some.orderBy('arrival').limit(maxSignals).execute()
}
