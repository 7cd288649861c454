import { hours } from '#shared/domain/time.ts'
import { youngForMs } from '../command/brakes.ts'
import { keyIn, requested } from '../desk/requests.ts'
import type { Entry, Subject, TicketCase } from '../pipeline/changes.ts'
import { isRule, isUnarmed } from '../pipeline/evidence.ts'
import type { Rules } from '../pipeline/keep.ts'
import type { TicketsTable } from '../store/tables/ticket.ts'
import { armKey } from '../suppress/suppress.ts'
import { openedThen } from './history.ts'
import { actIn, requestIn } from './history-acts.ts'
import { act, isAnsweredForAll, taken } from './played-acts.ts'
import type { Recorded } from './recorded.ts'
import { type Around, createDeskAmong, type RehearsedDesk } from './rehearsed-desk.ts'

/*
 * What was recorded of an organisation, played over memory as if it had been in this mode: the same signals, and people who did the
 * same; what is due fires anew. One person is on call for each team. Leaves: each of its tickets as it would stand. It gives way
 * to everything else between two steps.
 */

type Mode = Subject['organisation']['mode']

/** By what they are called in the record. */
export async function playAs(mode: Mode, recorded: Recorded, rules: Rules, until: number): Promise<ReadonlyMap<string, TicketCase>> {
  const { happenings, tickets } = recorded
  const begins = happenings[0]?.at ?? until
  const desk = createDeskAmong(rules, aroundOf(recorded, mode), begins, true)
  const called = new Map<string, string>()
  let now = begins
  const moveTo = async (instant: number): Promise<void> => {
    for (; now + sliceMs < instant; now += sliceMs) {
      desk.waitUntil(now + sliceMs)
      await nextTurn()
    }
    desk.waitUntil(instant)
    now = instant
  }
  for (const [nth, happening] of happenings.entries()) {
    const { at } = happening
    await moveTo(at)
    if (nth % stepsAtOnce === 0) await nextTurn()
    if (happening.kind === 'written') playWritten(desk, happening, { recorded, rules, mode, called })
    if (happening.kind !== 'signals') continue
    for (const { row, ticketId } of happening.signals) {
      const outcome = desk.arrive(row, false, at)
      if (outcome.kind === 'ticket' && ticketId !== null && !called.has(ticketId)) called.set(ticketId, outcome.work.ticket.id)
    }
  }
  await moveTo(until)
  return new Map([...tickets.keys()].flatMap((id) => [desk.workOf(called.get(id) ?? id) ?? []].flat().map((work) => [id, work] as const)))
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** So long, and so many, before others have their turn. */
const sliceMs = hours(1)
const stepsAtOnce = 10

function aroundOf(recorded: Recorded, mode: Mode): Around {
  const { fleet, disarmed, isolated, ages, releases } = recorded
  const isOld = (name: string, before: number): boolean => (ages.get(name) ?? Number.POSITIVE_INFINITY) <= before
  return {
    fleet,
    subjectOf: (of) => subjectAs(mode, recorded, of),
    nameOf: openedThen(recorded),
    isolatedElsewhere: isolated,
    disarmedAt: (at) =>
      new Set(disarmed.filter(({ disarmed_at, armed_at }) => disarmed_at <= at && (armed_at === null || armed_at > at)).map(armKey)),
    isYoung: (signal, now) => {
      if (isRule(signal.kind) && (isUnarmed(signal) || !isOld(signal.kind, now - youngForMs))) return true
      const release = releases.get(signal.endpoint_id ?? '')
      return release !== undefined && !isOld(release, now - youngForMs)
    },
  }
}

/** Nobody stopped isolating there, and nothing was cut off. */
function subjectAs(
  mode: Mode,
  { organisationId, subjects, requesters }: Recorded,
  of: Parameters<Around['subjectOf']>[0] & Partial<Pick<TicketsTable, 'requester_id'>>,
): Subject | undefined {
  const subject = subjects.of(of)
  if (!subject) return undefined
  const requester = requesters.get(of.requester_id ?? '')
  const isOpen = { desired: 'open', actual: 'open', isOnItsWay: false } as const
  const about = { ...subject, ...(requester && { requester }), isolation: subject.endpoint ? isOpen : null }
  if (subject.organisation.id !== organisationId) return about
  return { ...about, organisation: { ...subject.organisation, mode, stoppedUntil: null } }
}

interface Playing {
  recorded: Recorded
  rules: Rules
  mode: Mode
  called: ReadonlyMap<string, string>
}

function playWritten(
  desk: RehearsedDesk,
  { at, ticketId, entries }: { at: number; ticketId: string; entries: readonly Entry[] },
  { recorded, rules, mode, called }: Playing,
): void {
  const told = recorded.tickets.get(ticketId)
  desk.change(called.get(ticketId) ?? ticketId, at, (work) => {
    if (work) return acted(work, entries, recorded, rules, at)
    const request = requestIn(entries)
    const subject = told && subjectAs(mode, recorded, told.ticket)
    if (!request || !subject) return undefined
    const asked = { ...request, isTheirs: subject.requester?.id === request.person.id, key: keyIn(told.ticket.fingerprint) }
    return requested(asked, subject, { id: ticketId, number: told.ticket.number }, rules, at)
  })
}

/** What can't be done there any more is left out. */
function acted(work: TicketCase, entries: readonly Entry[], { tickets }: Recorded, rules: Rules, now: number): TicketCase | undefined {
  const told = actIn(entries)
  if (!told) return undefined
  const isForAll = isAnsweredForAll(tickets.get(work.ticket.parent_id ?? '')?.entries, told.personId, now)
  const acting = { person: { id: told.personId }, rules, now }
  const done = act(taken(work, entries, told.personId, rules, now), told.act, acting, rules, isForAll)
  return done.kind === 'work' ? done.work : undefined
}
