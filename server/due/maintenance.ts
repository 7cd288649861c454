import type { MaintenanceWindowView } from '#shared/api/maintenance.ts'
import { isOpen } from '#shared/domain/ticket.ts'
import { minutes, type Time } from '#shared/domain/time.ts'
import { planOwn } from '../escalate/keep-timers.ts'
import { pauseClocks, waitIsDue } from '../escalate/pause.ts'
import { raiseAllWithin, unmarkHandled } from '../ingest/handled.ts'
import { apply, type Entry, type TicketCase } from '../pipeline/changes.ts'
import type { Rules } from '../pipeline/keep.ts'
import { heldOver } from '../pipeline/suppression.ts'
import { sayNotBack } from '../presence/not-back.ts'
import type { Store, Tx, Within } from '../store/store.ts'
import type { TimersTable } from '../store/tables/escalate.ts'
import { forgetOld, hastenOf, isOverdue, releaseDue, releaseOf } from '../suppress/keep.ts'
import { covers } from '../suppress/reach.ts'
import { mayWait } from '../suppress/suppress.ts'
import {
  closeWindow,
  findWindow,
  keepWindow,
  type MaintenanceWindow,
  moveOn,
  type NewWindow,
  overdueWindows,
  reachOf,
  removeWindow,
  ticketsIn,
  upcomingOf,
} from '../suppress/windows.ts'
import { waitedForWindow } from '../ticket/acts.ts'

/*
 * Maintenance windows, joined to what they stop. When one opens, the clocks of the tickets that are open in it stand still;
 * when its machines have had their time to come back, each that didn't is a ticket, and what waited for them is decided. Every
 * step is a timer, so it happens once, whatever crashes.
 */

export interface Maintenance {
  /** @param within here and below: what stands or falls with it. @returns undefined: it would never open. */
  plan(window: NewWindow, within?: Within): Promise<string | undefined>
  /** The occurrence that is open closes now; a weekly one comes again. @returns false: none is open. */
  end(id: string, within?: Within): Promise<boolean>
  /** It doesn't open again; one that is open closes now. @returns false: there is no such window. */
  remove(id: string, within?: Within): Promise<boolean>
  /** Its next five dates, as a clock there shows them; the first may be open. */
  upcoming(window: Row): MaintenanceWindowView['next']
}

export interface MaintenanceOptions {
  store: Store
  time: Time
  timers: { replan(dueAt: number): void }
}

export function createMaintenance({ store, time, timers }: MaintenanceOptions): Maintenance {
  const { putRows } = store.capabilities
  const change = async (
    id: string,
    within: Within | undefined,
    mayChange: (row: Row, now: number) => boolean,
    how: typeof closeWindow,
  ): Promise<boolean> => {
    const now = time.now()
    const row = await store.db.transaction().execute(async (tx) => {
      const found = await findWindow(tx, id)
      if (!found || !mayChange(found, now)) return undefined
      await how(tx, found, now)
      if (isOpenAt(found, now)) await planOwn(tx, putRows, timerOf('closed', found, now), now)
      await within?.(tx)
      return found
    })
    if (row) timers.replan(now)
    return row !== undefined
  }
  return {
    async plan(window, within) {
      const now = time.now()
      const row = await store.db.transaction().execute(async (tx) => {
        const kept = await keepWindow(tx, window, now)
        if (kept) await planOwn(tx, putRows, timerOf('opens', kept, kept.opens_at), now)
        if (kept) await within?.(tx, kept.id)
        return kept
      })
      if (row) timers.replan(row.opens_at)
      return row?.id
    },
    end: (id, within) => change(id, within, isOpenAt, closeWindow),
    remove: (id, within) => change(id, within, () => true, removeWindow),
    upcoming: (window) => upcomingOf(window, time.now(), shownDates),
  }
}

type Row = MaintenanceWindow

const shownDates = 5

const isOpenAt = ({ opens_at, closes_at }: Row, now: number): boolean => opens_at <= now && now < closes_at

type Step = 'opens' | 'closed' | 'back'

interface Payload {
  step: Step
  windowId: string
  /** Of the occurrence. */
  opensAt: number
  /** When it would have closed. */
  until: number
}

const timerOf = (step: Step, { id, opens_at, closes_at }: Row, dueAt: number): Parameters<typeof planOwn>[2] => {
  const payload: Payload = { step, windowId: id, opensAt: opens_at, until: closes_at }
  return { id: `window-${step}-${id}-${opens_at}`, kind: 'window', dueAt, payload: JSON.stringify(payload) }
}

/** Windows on which something is due, with the ids of the tickets that are open in them. */
export interface WindowsDue {
  steps: readonly { step: Step; until: number; row: MaintenanceWindow }[]
  ticketIds: readonly string[]
  /** What waited may wait no longer. */
  isReleasing: boolean
}

export async function windowsDue(tx: Tx, timers: readonly TimersTable[]): Promise<WindowsDue> {
  const payloads = timers.filter(({ kind }) => kind === 'window').map(({ payload }) => JSON.parse(payload) as Payload)
  const steps: WindowsDue['steps'][number][] = []
  const ticketIds: string[] = []
  for (const { step, windowId, opensAt, until } of payloads) {
    const row = await findWindow(tx, windowId)
    // It was removed, or is at another occurrence.
    if (row?.opens_at !== opensAt) continue
    steps.push({ step, until, row })
    if (step !== 'back') ticketIds.push(...(await ticketsIn(tx, row)))
  }
  return { steps, ticketIds, isReleasing: timers.some(({ kind }) => kind === 'held-over' || kind === 'window') }
}

/** The clocks of a ticket stand still while its machine is worked on, and run on where that was ended early (pure). */
export function inWindows(work: TicketCase, { steps }: WindowsDue, rules: Clocks, now: number): TicketCase {
  return steps.reduce((before, { step, until, row }) => {
    if (step === 'closed') return isWaitingUntil(before, until) ? goOn(before, until, rules, now) : before
    const isPaused = step === 'opens' && row.closes_at > now && isHeldUp(before, row)
    return isPaused ? pausedFor(before, row.name, row.closes_at, rules, now) : before
  }, work)
}

/** The same of a recorded ticket, by the lines that a window wrote on it; undefined: none did. */
export function inWindowAgain(work: TicketCase, entries: readonly Entry[], rules: Clocks, now: number): TicketCase | undefined {
  const line = entries.find(({ kind, actor }) => actor === 'system' && (kind === 'waiting' || kind === 'resumed'))
  if (line?.kind === 'waiting') return pausedFor(work, String(line.body.note).slice(1, -1), Number(line.body.until), rules, now)
  const due = work.timers.find(({ kind }) => kind === 'wait-due')
  return line && due ? goOn(work, due.dueAt, rules, now) : undefined
}

type Clocks = Pick<Rules, 'owedOf' | 'planOf'>

const isHeldUp = ({ ticket, subject }: TicketCase, row: Row): boolean =>
  isOpen(ticket.status) &&
  ticket.status !== 'waiting' &&
  // What is under another has no clocks that could stand still.
  ticket.parent_id === null &&
  ticket.containment === 'none' &&
  mayWait(ticket) &&
  covers(reachOf(row), { kind: ticket.kind, facts: {} }, subject)

function pausedFor(work: TicketCase, name: string, until: number, { owedOf, planOf }: Clocks, now: number): TicketCase {
  const waiting = apply(work, waitedForWindow(name, until), now)
  return apply(waiting, pauseClocks(waiting, 'window', until, owedOf(waiting), planOf(waiting), now), now)
}

/** Only what waits until this very instant waits for this window. */
const isWaitingUntil = ({ ticket, timers }: TicketCase, until: number): boolean =>
  ticket.waiting_for === 'window' && timers.some(({ kind, dueAt }) => kind === 'wait-due' && dueAt === until)

const goOn = (work: TicketCase, dueAt: number, { owedOf, planOf }: Clocks, now: number): TicketCase =>
  apply(work, waitIsDue(work, { id: null, kind: 'wait-due', dueAt }, owedOf(work), planOf(work), now), now)

/** After an absence of ours its machines have a chance to return before anybody says that they didn't. */
const chanceMs = minutes(3)

/** What the windows' steps do besides tickets. @returns when something is due, and whether signals wait for the pipeline. */
export async function stepOn(
  tx: Tx,
  { capabilities }: Pick<Store, 'capabilities'>,
  { steps, isReleasing }: WindowsDue,
  { maintenance }: Pick<Rules['matrix'], 'maintenance'>,
  hasGivenChance: boolean,
  now: number,
): Promise<{ dueAts: number[]; hasRaised: boolean }> {
  const planned: Parameters<typeof planOwn>[2][] = []
  let count = 0
  for (const { step, row } of steps) {
    if (step === 'opens' || step === 'closed') planned.push(timerOf('back', row, row.closes_at + maintenance.backWithin))
    if (step === 'closed') await hastenOf(tx, row.id, now)
    if (step !== 'back') continue
    if (!hasGivenChance) {
      planned.push(timerOf('back', row, now + chanceMs))
      continue
    }
    const missing = await sayNotBack(tx, capabilities, row, now)
    await raiseAllWithin(tx, capabilities, missing, now)
    const silent = missing.flatMap(({ endpointId }) => endpointId ?? [])
    const anew = await releaseOf(tx, row.id, silent, now)
    await unmarkHandled(tx, anew)
    count += missing.length + anew.length
    const next = await moveOn(tx, row, now)
    if (next) planned.push(timerOf('opens', { ...row, opens_at: next.opensAt, closes_at: next.closesAt }, next.opensAt))
  }
  if (isReleasing) {
    const { anew, isMore } = await releaseDue(tx, now)
    await unmarkHandled(tx, anew)
    count += anew.length
    // Under an id of its own, or the one that fires now would be written over before it is marked.
    if (isMore) planned.push({ ...heldOver(now), id: `held-over-${now}-more` })
  }
  for (const timer of planned) await planOwn(tx, capabilities.putRows, timer, now)
  return { dueAts: planned.map(({ dueAt }) => dueAt), hasRaised: count > 0 }
}

/** What should have been looked at by now, though its timer failed: nothing that waits is forgotten. @returns whether there was any. */
export async function mendMissed(
  tx: Tx,
  { capabilities }: Pick<Store, 'capabilities'>,
  { maintenance }: Pick<Rules['matrix'], 'maintenance'>,
  before: number,
  now: number,
): Promise<boolean> {
  const windows = await overdueWindows(tx, before - maintenance.backWithin)
  const planned = windows.map((row) => timerOf('back', row, now))
  if (await isOverdue(tx, before)) planned.push(heldOver(now))
  for (const timer of planned) await planOwn(tx, capabilities.putRows, timer, now)
  await forgetOld(tx, now)
  return planned.length > 0
}
