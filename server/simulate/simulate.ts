import type { HopReason } from '#shared/domain/ticket.ts'
import type { Fact } from '../figures/facts.ts'
import type { Entry, Subject, TicketCase, Timer } from '../pipeline/changes.ts'
import type { SignalRow } from '../pipeline/world.ts'
import { type Agenda, createAgenda } from './agenda.ts'
import type { Arrival } from './arrivals.ts'
import { type CrewAtWork, staffOf, type Worker } from './crews.ts'
import { createGauge } from './gauge.ts'
import { createQueues } from './queues.ts'
import { exponential } from './random.ts'
import type { Decided, Deciding, Scene, Simulated } from './scene.ts'

/*
 * Enters: what comes to a desk and when, who is there, how long they work; and the functions that decide on a collector.
 * Leaves: what was counted from the timelines of all tickets, how long queues were, how busy people.
 * Promises: the matrix decides here as it does on a collector, because the same functions do, over memory and on virtual
 * time; the same seed gives the same run, byte for byte. Nothing is written and nobody hears of it.
 * What people do is a model: whoever is free takes the most pressing ticket of their queues, of those the oldest, works on
 * it to the end, also after their shift, and then ends it, asks the customer, or gives it to people who know more.
 */

/** One ticket while it lives. */
interface Ticket {
  work: TicketCase
  readonly arrival: Arrival
  readonly entries: Entry[]
  hands: Hands | undefined
  /** Where the agenda looks at it next; no later than its first timer is due. */
  alarm: Alarm | undefined
  /** What is left to do once the customer has answered; undefined: nobody asked yet. */
  leftMs: number | undefined
}

/** Without its ticket, once that is over: the agenda would hold on to it for days. */
interface Alarm {
  readonly at: number
  ticket: Ticket | undefined
}

/** Who has it. Made anew for each taking, so whatever was planned for an older one knows that it is over. */
interface Hands {
  readonly worker: Worker
  readonly since: number
  readonly team: string
  isTaken: boolean
}

/** In the same millisecond nobody has read a ticket. */
const soonestMs = 1

export function simulate({ from, until, arrivals, crews, load }: Scene, deciding: Deciding): Simulated {
  const agenda = createAgenda(from)
  const queues = createQueues<Ticket>()
  const gauge = createGauge(from, until, queues.lengths)
  const staff = staffOf(crews)
  /** What may come again, by what it is found by; whose story isn't counted yet, by its id. */
  const [known, untold] = [new Map<string, Ticket>(), new Map<string, Ticket>()]
  const cutOff = new Set<string>()
  const facts: Fact[] = []
  let [otherSignals, isolated, under] = [0, 0, 0]
  const keep = (ticket: Ticket, decided: TicketCase): void => {
    const { work, entries, released } = deciding.remember(decided, agenda.now)
    if (decided.orders.some(isolatesAlone)) {
      isolated += 1
      cutOff.add(work.subject.endpoint?.id ?? '')
    }
    ticket.work = work
    for (const entry of entries) ticket.entries.push(entry)
    planTimer(ticket)
    place(ticket)
    keepAll(released, ticket.arrival)
  }
  /** Others that were decided with one: those over it are new, and a person's who sees them. */
  const keepAll = (works: readonly TicketCase[], arrival: Arrival): void => {
    for (const work of works) {
      const ticket = untold.get(work.ticket.id)
      if (ticket) keep(ticket, work)
      else open({ ...arrival, subject: work.subject, ...bySight }, work)
    }
  }
  /** In a queue, in somebody's hands, waiting, or over: as its status says. */
  const place = (ticket: Ticket): void => {
    const { status, team, priority, parent_id } = ticket.work.ticket
    const isAlone = parent_id === null
    const { hands } = ticket
    if (hands && isAlone && (status === 'acknowledged' || (status === 'new' && !hands.isTaken && team === hands.team))) return
    ticket.hands = undefined
    if (isAlone && (status === 'new' || status === 'acknowledged')) {
      queues.put(ticket, team, priority, deciding.isPaging(ticket.work))
      const free = freeFor(ticket)
      if (free) begin(free, ticket, Math.max(soonestMs, load.notices))
    } else queues.remove(ticket)
    if (status === 'resolved') end(ticket)
    if (hands) release(hands)
  }
  const end = (ticket: Ticket): void => {
    cutOff.delete(ticket.work.subject.endpoint?.id ?? '')
    if (ticket.alarm) ticket.alarm.ticket = undefined
    ticket.alarm = undefined
    if (ticket.arrival.isOnce) tell(ticket)
  }
  const tell = (ticket: Ticket): void => {
    untold.delete(ticket.work.ticket.id)
    if (ticket.work.ticket.parent_id !== null) under += 1
    for (const fact of deciding.factsOf(ticket.entries, ticket.work.subject, agenda.now)) facts.push(fact)
  }

  const mayTake = (crew: CrewAtWork, team: string): boolean =>
    crew.isThere && !(crew.isOnCall && crews.some((other) => !other.isOnCall && other.isThere && other.teams.has(team)))
  const freeFor = ({ work }: Ticket): Worker | undefined => {
    const { team } = work.ticket
    const fits = (crew: CrewAtWork): boolean =>
      crew.idle.length > 0 && crew.teams.has(team) && mayTake(crew, team) && (!crew.isOnCall || deciding.isPaging(work))
    return crews.find(fits)?.idle[0]
  }
  const begin = (worker: Worker, ticket: Ticket, afterMs: number): void => {
    queues.remove(ticket)
    worker.crew.idle.splice(worker.crew.idle.indexOf(worker), 1)
    const hands = { worker, since: agenda.now, team: ticket.work.ticket.team, isTaken: false }
    ticket.hands = hands
    agenda.plan(agenda.now + afterMs, () => {
      if (ticket.hands === hands) take(ticket, hands)
    })
  }
  const release = ({ worker, since }: Hands): void => {
    worker.crew.busyMs += agenda.now - since
    worker.crew.idle.push(worker)
    lookFor(worker)
  }
  const lookFor = (worker: Worker): void => {
    const { crew } = worker
    if (!crew.isThere) return
    const next = queues.next(crew.isOnCall ? [...crew.teams].filter((team) => mayTake(crew, team)) : crew.teams, crew.isOnCall)
    if (next) begin(worker, next, soonestMs)
  }

  const take = (ticket: Ticket, hands: Hands): void => {
    hands.isTaken = true
    if (ticket.work.ticket.status === 'new') keep(ticket, deciding.acknowledge(ticket.work, hands.worker.id, agenda.now))
    if (ticket.hands !== hands) return
    const effortMs = ticket.leftMs ?? effortOf(ticket)
    const isAsking = ticket.leftMs === undefined && ticket.arrival.waitsMs !== null && canEnd(ticket, hands)
    if (isAsking) ticket.leftMs = effortMs / 2
    agenda.plan(agenda.now + Math.max(soonestMs, Math.round(isAsking ? effortMs / 2 : effortMs)), () => {
      if (ticket.hands === hands) finish(ticket, hands, isAsking)
    })
  }
  const effortOf = ({ work, arrival }: Ticket): number => {
    const { mean, spread } = load.work[work.ticket.tier] ?? { mean: soonestMs, spread: 'constant' }
    return spread === 'constant' ? mean : exponential(arrival.random, mean)
  }
  const finish = (ticket: Ticket, hands: Hands, isAsking: boolean): void => {
    const { id } = hands.worker
    if (isAsking) {
      askCustomer(ticket, id)
      return
    }
    const given = canEnd(ticket, hands) ? undefined : deciding.escalate(ticket.work, id, reasonOf(ticket), agenda.now)
    if (given) ticket.leftMs = undefined
    keep(ticket, given ?? deciding.resolve(ticket.work, id, agenda.now))
  }
  const askCustomer = (ticket: Ticket, personId: string): void => {
    keep(ticket, deciding.askCustomer(ticket.work, personId, agenda.now))
    agenda.plan(agenda.now + Math.round(ticket.arrival.waitsMs ?? 0), () => {
      if (ticket.work.ticket.status === 'waiting') keep(ticket, deciding.hearCustomer(ticket.work, agenda.now))
    })
  }

  /** One look at a time: one that comes too early plans the next. */
  const planTimer = (ticket: Ticket): void => {
    const dueAt = ticket.work.timers[0]?.dueAt
    if (dueAt === undefined || dueAt >= until || (ticket.alarm && ticket.alarm.at <= dueAt)) return
    if (ticket.alarm) ticket.alarm.ticket = undefined
    const alarm: Alarm = { at: dueAt, ticket }
    ticket.alarm = alarm
    agenda.plan(dueAt, () => {
      if (alarm.ticket) ring(alarm.ticket)
    })
  }
  const ring = (ticket: Ticket): void => {
    ticket.alarm = undefined
    const { timers } = ticket.work
    const isDue = ({ dueAt }: Timer): boolean => dueAt <= agenda.now
    const due = timers.filter(isDue)
    if (due.length === 0) {
      planTimer(ticket)
      return
    }
    const rest = { ...ticket.work, timers: timers.filter((timer) => !isDue(timer)), isChanged: true }
    keep(ticket, deciding.fire(rest, due, staff, agenda.now))
  }

  const arrive = (arrival: Arrival): void => {
    const { what, subject } = arrival
    if (what.kind === 'request') {
      open(arrival, deciding.request(what.request, subject, agenda.now))
      return
    }
    const key = `${subject.endpoint?.id ?? ''} ${what.signal.fingerprint}`
    const earlier = known.get(key)
    const decided = decideOn(what.signal, subject, earlier)
    const before = decided && (untold.get(decided.work.ticket.id) ?? earlier)
    const isNew = decided !== undefined && decided.work.ticket.id !== before?.work.ticket.id
    if (!isNew || decided.work.ticket.gathers !== null) otherSignals += 1
    if (!decided) return
    if (!isNew && before) {
      keep(before, decided.work)
      keepAll(decided.also, arrival)
      return
    }
    const ticket = open(decided.work.ticket.gathers === null ? arrival : { ...arrival, ...bySight }, decided.work)
    keepAll(decided.also, arrival)
    if (decided.work.ticket.gathers !== null) return
    if (!arrival.isOnce) known.set(key, ticket)
    if (arrival.clearsAfterMs !== null) agenda.plan(agenda.now + Math.round(arrival.clearsAfterMs), () => clear(ticket, what.signal))
  }
  const decideOn = (signal: SignalRow, subject: Subject, earlier: Ticket | undefined): Decided | undefined => {
    const about = cutOff.has(subject.endpoint?.id ?? '') ? { ...subject, isolation: isolatedNow } : subject
    return deciding.signal(signal, about, earlier?.work, agenda.now)
  }
  const open = (arrival: Arrival, work: TicketCase): Ticket => {
    const ticket: Ticket = { work, arrival, entries: [], hands: undefined, alarm: undefined, leftMs: undefined }
    untold.set(work.ticket.id, ticket)
    keep(ticket, work)
    return ticket
  }
  const clear = (ticket: Ticket, signal: SignalRow): void => {
    if (ticket.work.ticket.status === 'resolved') return
    otherSignals += 1
    const decided = decideOn({ ...signal, id: `${signal.id}-cleared`, state: 'cleared' }, ticket.work.subject, ticket)
    if (!decided) return
    keep(untold.get(decided.work.ticket.id) ?? ticket, decided.work)
    keepAll(decided.also, ticket.arrival)
  }

  /** Whoever is on call takes over when the others leave. */
  const change = (crew: CrewAtWork, isThere: boolean): void => {
    crew.isThere = isThere
    for (const each of isThere ? [crew] : crews.filter(({ isOnCall }) => isOnCall)) for (const worker of [...each.idle]) lookFor(worker)
  }
  const planNext = (coming: Iterator<Arrival>): void => {
    const { value, done } = coming.next()
    if (done) return
    agenda.plan(value.at, () => {
      arrive(value)
      planNext(coming)
    })
  }

  for (const crew of crews) planShifts(crew, agenda, change)
  planNext(arrivals[Symbol.iterator]())
  agenda.playUntil(until, gauge.moveTo)
  const rest = [...untold.values()]
  for (const ticket of rest) tell(ticket)
  return { from, until, facts, otherSignals, stillOpen: rest.filter(isStillOpen).length, under, isolated, gauge, crews }
}

const isStillOpen = ({ work: { ticket } }: Ticket): boolean => ticket.status !== 'resolved' && ticket.parent_id === null

/** What gathers others came by itself: nobody has to be asked, and whoever has it can end it. */
const bySight = { needs: undefined, waitsMs: null, clearsAfterMs: null, isOnce: true } as const

function planShifts(crew: CrewAtWork, agenda: Agenda, change: (crew: CrewAtWork, isThere: boolean) => void): void {
  for (const { opensAt, closesAt } of crew.openings) {
    agenda.plan(opensAt, () => change(crew, true))
    agenda.plan(closesAt, () => change(crew, false))
  }
}

const isolatesAlone = ({ verb, requestedBy }: TicketCase['orders'][number]): boolean => verb === 'isolate-host' && requestedBy === 'system'

const isolatedNow: Subject['isolation'] = { desired: 'isolated', actual: 'isolated', isOnItsWay: false }

const canEnd = ({ arrival: { needs } }: Ticket, { worker }: Hands): boolean => needs === undefined || worker.crew.solves.has(needs)

const reasonOf = ({ arrival: { needs } }: Ticket): HopReason => (needs === 'security' || needs === 'field' ? needs : 'expertise')
