import type { Logger } from 'pino'
import { sentenceOf } from '#shared/domain/fault.ts'
import { recur } from '#shared/domain/recur.ts'
import { keptDays } from '#shared/domain/retention.ts'
import { days, hours, type Time } from '#shared/domain/time.ts'
import type { Audit } from '../audit/audit.ts'
import { endCommandsOf } from '../command/retention.ts'
import { endOwnTimers, endTimersOf } from '../escalate/retention.ts'
import { endSignals, endSignalsOf, looseSignals } from '../ingest/old-signals.ts'
import { endLooseMails, endMailsOf } from '../mailbox/mailbox.ts'
import { rest } from '../measure/rest.ts'
import { endDigestLines, endLooseNotices, endNoticesOf } from '../notify/retention.ts'
import { endLinesOf } from '../onboard/onboard.ts'
import { endPagingsOf } from '../page/page.ts'
import type { Turns } from '../pipeline/turns.ts'
import type { Store, Tx } from '../store/store.ts'
import { endExceptionsOf, endOldExceptions, endRearmed, endSuppressedOf } from '../suppress/retention.ts'
import { endTickets, overTickets } from '../ticket/retention.ts'

/*
 * Ends what is over for as many days as its organisation keeps it (invariant 10): first what the audit says in words, then
 * closed tickets whole, then what never became one. Promises: a slice is one transaction and one turn of the desk, with the
 * line of the audit that counts it, so a crash leaves neither half a ticket nor an end that nobody told of; between two the
 * desk goes on. On failure: said in the log and tried again. Who ends which table stands in test/server/store/retention.test.ts.
 */

export interface RetentionNeeds {
  store: Pick<Store, 'db' | 'reader'>
  time: Time
  log: Logger
  audit: Pick<Audit, 'erase' | 'record'>
  turns: Turns
}

/** How many of what. */
type Ended = Record<string, number>

const everyMs = hours(6)
/** What a slice takes of each table beside those of tickets. */
const maxLoose = 300

/** @returns its stop, which waits for the slice that is under way. */
export function startRetention(needs: RetentionNeeds): () => Promise<void> {
  const stopping = new AbortController()
  const hasLeapt = watchClock(needs.time)
  const end = recur({
    ...{ time: needs.time, everyMs },
    round: async () => {
      if (hasLeapt())
        needs.log.error({}, 'the clock is a day further than it was six hours ago: nothing ends before it still says so next time')
      else await endAllOld(needs, stopping.signal)
    },
    failed: (error) => needs.log.error({ reason: sentenceOf(error) }, 'what is over could not end; it is tried again'),
  })
  return async () => {
    stopping.abort()
    await end()
  }
}

/** A clock that leapt, in good faith or by an attacker's hand, can be set right before anything is gone for good. */
const leapMs = days(1)

/** @returns whether the clock has leapt since it was asked last. */
function watchClock(time: Time): () => boolean {
  let last = { now: time.now(), monotonic: time.monotonic() }
  return () => {
    const present = { now: time.now(), monotonic: time.monotonic() }
    const leapt = present.now - last.now - (present.monotonic - last.monotonic)
    last = present
    return leapt > leapMs
  }
}

/** @returns how much ended, of everybody. */
export async function endAllOld(needs: RetentionNeeds, stop: AbortSignal): Promise<Ended> {
  const { store, time, log } = needs
  const now = time.now()
  const organisations = await store.db.selectFrom('organisations').select(['id', 'kept_days as daysKept']).orderBy('id').execute()
  const sum: Ended = {}
  for (const daysKept of new Set([keptDays.usual, ...organisations.map((each) => each.daysKept)])) {
    const erase = () => needs.audit.erase(store.db, now - days(daysKept), daysKept, store.reader)
    add(sum, await repeat(needs, stop, async () => ({ payloads: await erase() })))
  }
  for (const { id, daysKept } of [...organisations, { id: null, daysKept: keptDays.usual }]) {
    const ended = await repeat(needs, stop, () => endSlice(needs, id, now - days(daysKept), now))
    if (total(ended) > 0) log.info({ organisationId: id, daysKept, ...ended }, 'what is over for long enough has ended')
    add(sum, ended)
  }
  return sum
}

/** Until a slice finds nothing. */
async function repeat({ time }: RetentionNeeds, stop: AbortSignal, slice: () => Promise<Ended>): Promise<Ended> {
  const sum: Ended = {}
  while (!stop.aborted) {
    const ended = await slice()
    if (total(ended) === 0) break
    add(sum, ended)
    await rest(time, stop)
  }
  return sum
}

function endSlice({ turns, audit }: RetentionNeeds, organisationId: string | null, before: number, now: number): Promise<Ended> {
  return turns(async (tx) => {
    const all = organisationId === null ? await endOwn(tx, before) : await endOf(tx, organisationId, before, now)
    const ended = Object.fromEntries(Object.entries(all).filter(([, count]) => count > 0))
    const target = organisationId === null ? 'retention:collector' : `organisation:${organisationId}`
    const detail = { before: new Date(before).toISOString(), ...ended }
    if (total(ended) > 0) await audit.record(tx, { actor: 'system', action: 'retention.end', target, organisationId, detail })
    return ended
  })
}

async function endOf(tx: Tx, organisationId: string, before: number, now: number): Promise<Ended> {
  const ofTickets = await endWhole(tx, await overTickets(tx, organisationId, before, now))
  const signals = await looseSignals(tx, organisationId, before, maxLoose)
  if (signals.length > 0) {
    await endSuppressedOf(tx, { signalIds: signals })
    await endSignals(tx, signals)
  }
  return {
    ...ofTickets,
    signals: (ofTickets.signals ?? 0) + signals.length,
    digestLines: await endDigestLines(tx, organisationId, before, maxLoose),
    notices: (ofTickets.notices ?? 0) + (await endLooseNotices(tx, organisationId, before, maxLoose)),
    exceptions: await endOldExceptions(tx, organisationId, before),
  }
}

/** All that hangs on them first. */
async function endWhole(tx: Tx, ids: readonly string[]): Promise<Ended> {
  if (ids.length === 0) return {}
  await endSuppressedOf(tx, { ticketIds: ids })
  await endExceptionsOf(tx, ids)
  return {
    tickets: ids.length,
    signals: await endSignalsOf(tx, ids),
    commands: await endCommandsOf(tx, ids),
    timers: await endTimersOf(tx, ids),
    notices: await endNoticesOf(tx, ids),
    mails: await endMailsOf(tx, ids),
    foundLines: await endLinesOf(tx, ids),
    pagings: await endPagingsOf(tx, ids),
    lines: await endTickets(tx, ids),
  }
}

/** What is of no organisation. */
const endOwn = async (tx: Tx, before: number): Promise<Ended> => ({
  timers: await endOwnTimers(tx, before, maxLoose),
  notices: await endLooseNotices(tx, null, before, maxLoose),
  mails: await endLooseMails(tx, before, maxLoose),
  detectors: await endRearmed(tx, before),
})

const total = (ended: Ended): number => Object.values(ended).reduce((sum, count) => sum + count, 0)

function add(sum: Ended, ended: Ended): void {
  for (const [what, count] of Object.entries(ended)) sum[what] = (sum[what] ?? 0) + count
}
