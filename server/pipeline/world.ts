import { randomUUIDv7 } from 'node:crypto'
import type { Kysely } from 'kysely'
import type { Facts } from '#shared/domain/signal.ts'
import { isOpen } from '#shared/domain/ticket.ts'
import { latelyMs } from '../command/brakes.ts'
import type { LoneIsolation } from '../command/contain.ts'
import { correlationKey } from '../correlate/correlate.ts'
import type { Crowds } from '../correlate/crowds.ts'
import type { Crowd } from '../correlate/gather.ts'
import type { Loud } from '../correlate/noisy.ts'
import type { Mark } from '../ingest/handled.ts'
import type { DigestLine } from '../notify/digest.ts'
import { asFoundFingerprint, type FoundLine } from '../onboard/onboard.ts'
import type { Matrix } from '../route/matrix.ts'
import type { Database } from '../store/schema.ts'
import type { SignalsTable } from '../store/tables/ingest.ts'
import type { TicketsTable } from '../store/tables/ticket.ts'
import { type Book, createBook } from '../suppress/book.ts'
import { loadSuppression, loadWaiting } from '../suppress/load.ts'
import type { Suppressed, Suppression } from '../suppress/suppress.ts'
import { nextTicketNumber } from '../ticket/numbers.ts'
import { caseOf, type Subject, type TicketCase, type Trouble } from './changes.ts'
import { type Evidenced, loadEvidence, noEvidence } from './evidence.ts'
import { casesOf, type Listed, loadConditions, loadLoneIsolations, loadStanding, loadSubjects, type Subjects } from './load.ts'
import { loadCrowds } from './load-crowds.ts'

/** What the desk needs of a signal; its evidence stays where it is. */
export const columnsOfSignal = [
  ...(['id', 'organisation_id', 'endpoint_id', 'source_id', 'origin'] as const),
  ...(['kind', 'severity', 'state', 'fingerprint', 'summary', 'facts', 'age_ms', 'received_at', 'detector'] as const),
] as const
export type SignalRow = Pick<SignalsTable, (typeof columnsOfSignal)[number]>

/** What became of a signal. */
export type Outcome =
  /** `also`: the ticket over it, and others that went under that one with it. `suppressed`: it has no ticket of its own there. */
  | { kind: 'ticket'; work: TicketCase; also?: readonly TicketCase[]; suppressed?: Suppressed }
  /** On the ticket that lists what was there before us. */
  | { kind: 'found'; work: TicketCase; line: FoundLine }
  | { kind: 'digest'; team: string; summary: string }
  | { kind: 'record'; suppressed?: Suppressed }

/** What a signal is decided on. */
export interface View {
  /** undefined: its endpoint or organisation is gone. */
  subjectOf(signal: SignalRow): Subject | undefined
  /** The open ticket of the same trouble, else the one that ended last. */
  earlier(signal: SignalRow): TicketCase | undefined
  /** It was raised, and is clear again as far as ingest has heard. Known of agents' old signals only, on which it matters. */
  isOver(signal: SignalRow): boolean
  /** The open ticket "as found" of an organisation. Absent: nothing is taken as found here. */
  asFound?(organisationId: string): TicketCase | undefined
  readonly nextNumber: number
  /** What a ticket of this trouble is called that opens now. */
  newId(of: Subject, fingerprint: string): string
  /** Machines that were isolated without a person. */
  readonly lately: readonly LoneIsolation[]
  /** What the brakes of isolating ask. */
  readonly evidence: Evidenced
  /** What stands in the way of a ticket: windows, machines that are being started, what is called noise. */
  readonly suppression: Suppression
  /** What a ticket of this would stand among; undefined: it stands alone whatever else there is. */
  crowdOf(trouble: Trouble, subject: Subject): Crowd | undefined
  /** What is open of the machine or source of this; undefined: it is as quiet as can be. */
  loudOf(subject: Subject, sourceId: string | null): Loud | undefined
  /** The ticket under which this one is kept. */
  parentOf(work: TicketCase): TicketCase | undefined
  /** The provider's own organisation; undefined: no storm can come of these signals. */
  readonly provider: Subject | undefined
}

/** What a view tells of tickets that stand alone. */
export const alone = {
  ...{ crowdOf: () => undefined, loudOf: () => undefined, parentOf: () => undefined, provider: undefined },
  evidence: noEvidence,
  newId: () => randomUUIDv7(),
}

/** What one group of signals is decided on, in memory: each signal sees what those before it changed. */
export interface World extends View {
  /** A signal's outcome, whole: of a signal that fails half way nothing gets here. */
  take(signal: SignalRow, outcome: Outcome): void
  readonly cases: readonly TicketCase[]
  readonly marks: readonly Mark[]
  readonly digests: readonly (DigestLine & { timeZone: string })[]
  readonly found: readonly FoundLine[]
  /** What waits or is spared, and whose machines settle. */
  readonly book: Book
}

/**
 * Read before the transaction that keeps what is decided on it, and all at once, beside whatever commits. What may change in between is
 * nobody's error: tickets, their timers and numbers, and commands that isolate are written in turns only, and this is ours;
 * whom a signal is about (people, identity, measure), what a machine says of its isolation (the dispatcher) and what is
 * true now (ingest) may change at any time, and are as if they had changed right after the commit.
 */
export async function loadWorld(
  db: Kysely<Database>,
  listed: Listed,
  signals: readonly SignalRow[],
  matrix: Matrix,
  now: number,
): Promise<World> {
  const isContaining = signals.some(({ kind }) => kind.startsWith('security.'))
  const cleared = [...new Set(signals.flatMap((signal) => (signal.state === 'cleared' ? correlationKey(signal) : [])))]
  const [subjects, standing, lately, isOver, nextNumber, suppression, waiting, evidence] = await Promise.all([
    loadSubjects(db, signals),
    loadStanding(db, listed, signals, now),
    isContaining ? loadLoneIsolations(db, now - latelyMs(matrix)) : [],
    overOf(db, listed, signals, matrix),
    nextTicketNumber(db),
    loadSuppression(db, signals, matrix, now),
    loadWaiting(db, cleared),
    loadEvidence(db, signals, now),
  ])
  const newest = { ...standing, tickets: newestPerTrouble(standing.tickets) }
  const known = [...casesOf(newest, subjects), ...(await loadAsFound(db, listed, signals, subjects, now))]
  const crowds = await crowdsOf(db, listed, signals, subjects, known, matrix, now)
  const book = createBook(matrix, waiting, now)
  return worldOf({ subjects, cases: known, crowds, lately, isOver, suppression, book, evidence, firstNumber: nextNumber, now })
}

/** Asked where a signal may open a ticket, or is about one that is under another. */
function crowdsOf(
  db: Kysely<Database>,
  listed: Listed,
  signals: readonly SignalRow[],
  subjects: Subjects,
  known: readonly TicketCase[],
  matrix: Matrix,
  now: number,
): Promise<Crowds> {
  const open = new Map(known.filter(({ ticket }) => isOpen(ticket.status)).map((work) => [correlationKey(work.ticket), work]))
  const openers = signals.flatMap((signal) => {
    const subject = signal.state === 'cleared' || open.has(correlationKey(signal)) ? undefined : subjects.of(signal)
    return subject ? [{ kind: signal.kind, subject, sourceId: signal.source_id }] : []
  })
  const parentIds = new Set([...open.values()].flatMap(({ ticket }) => ticket.parent_id ?? []))
  return loadCrowds(db, listed, openers, [...parentIds], matrix, now)
}

const asFoundOf = (organisationId: string) =>
  ({ organisation_id: organisationId, endpoint_id: null, source_id: null, fingerprint: asFoundFingerprint }) as const

/** Asked only where a machine is new to us. */
async function loadAsFound(
  db: Kysely<Database>,
  listed: Listed,
  signals: readonly SignalRow[],
  subjects: Subjects,
  now: number,
): Promise<TicketCase[]> {
  const isNew = (signal: SignalRow): boolean => subjects.of(signal)?.endpoint?.isNewSince !== undefined
  const wanted = [...new Set(signals.filter(isNew).map(({ organisation_id }) => organisation_id))].map(asFoundOf)
  if (wanted.length === 0) return []
  const [standing, organisations] = await Promise.all([loadStanding(db, listed, wanted, now), loadSubjects(db, wanted)])
  return casesOf({ ...standing, tickets: standing.tickets.filter(({ status }) => isOpen(status)) }, organisations)
}

/** Asked only where something old was raised; what it knows of is all that is committed, however far behind the signal. */
async function overOf(db: Kysely<Database>, listed: Listed, signals: readonly SignalRow[], matrix: Matrix): Promise<World['isOver']> {
  const old = signals.filter((signal) => mayBeOver(signal, matrix))
  const standing = new Set((await loadConditions(db, listed, old)).map(correlationKey))
  return (signal) => mayBeOver(signal, matrix) && !standing.has(correlationKey(signal))
}

const mayBeOver = ({ endpoint_id, state, age_ms }: SignalRow, { late }: Pick<Matrix, 'late'>): boolean =>
  endpoint_id !== null && state === 'raised' && age_ms > late.opensUntil

/** All that a group is decided on, read. */
interface Known extends Pick<World, 'isOver' | 'suppression' | 'book'> {
  subjects: Subjects
  /** The newest of each trouble. */
  cases: readonly TicketCase[]
  /** What tickets stand among; alone, when absent. */
  crowds?: Crowds
  lately: LoneIsolation[]
  /** The least, when absent. */
  evidence?: Evidenced
  firstNumber: number
  /** By chance, when absent. */
  newId?: View['newId']
  now: number
}

export function worldOf({ subjects, cases: known, crowds, lately, firstNumber, now, ...told }: Known): World {
  const { isOver, suppression, book, evidence = noEvidence, newId = () => randomUUIDv7() } = told
  // What was read for itself goes before what was read as one of many.
  const cases = new Map([...(crowds?.cases ?? []), ...known].map((work) => [correlationKey(work.ticket), work]))
  const keys = new Map([...cases].map(([key, { ticket }]) => [ticket.id, key]))
  const caseOf = (ticketId: string): TicketCase | undefined => cases.get(keys.get(ticketId) ?? '')
  const overtaken: TicketCase[] = []
  const isolated = new Set<string>()
  const marks: Mark[] = []
  const digests: (DigestLine & { timeZone: string })[] = []
  const found: FoundLine[] = []
  let nextNumber = firstNumber

  /** A machine that an earlier signal of this group had isolated is on its way to it. */
  const subjectOf = (signal: SignalRow): Subject | undefined => {
    const subject = subjects.of(signal)
    if (!subject?.endpoint || !isolated.has(subject.endpoint.id)) return subject
    return { ...subject, isolation: { actual: 'open', ...subject.isolation, desired: 'isolated', isOnItsWay: true } }
  }
  const takeCase = (key: string, work: TicketCase): void => {
    const before = cases.get(key)
    if (before && before.ticket.id !== work.ticket.id) overtaken.push(before)
    cases.set(key, work)
    keys.set(work.ticket.id, key)
    crowds?.took(work)
    nextNumber = Math.max(nextNumber, work.ticket.number + 1)
    const { endpoint, site, organisation } = work.subject
    if (!endpoint || isolated.has(endpoint.id) || !work.orders.some(({ verb }) => verb === 'isolate-host')) return
    isolated.add(endpoint.id)
    lately.push({ endpointId: endpoint.id, siteId: site?.id ?? null, organisationId: organisation.id, at: now })
  }
  const takeLine = ({ id: signalId, organisation_id, endpoint_id, ...signal }: SignalRow, team: string, summary: string): void => {
    const timeZone = subjects.of({ ...signal, organisation_id, endpoint_id })?.organisation.timeZone ?? 'UTC'
    digests.push({ organisationId: organisation_id, endpointId: endpoint_id, team, signalId, summary, timeZone })
  }
  return {
    subjectOf,
    earlier(signal) {
      const work = cases.get(correlationKey(signal))
      const subject = subjectOf(signal)
      return work && subject && work.subject !== subject ? { ...work, subject } : work
    },
    asFound: (organisationId) => cases.get(correlationKey(asFoundOf(organisationId))),
    take(signal, outcome) {
      const ticketId = 'work' in outcome ? outcome.work.ticket.id : null
      marks.push({ signalId: signal.id, outcome: outcome.kind === 'found' ? 'ticket' : outcome.kind, ticketId })
      book.take(signal, correlationKey(signal), 'suppressed' in outcome ? outcome.suppressed : undefined)
      if (outcome.kind === 'ticket') for (const work of [outcome.work, ...(outcome.also ?? [])]) takeCase(correlationKey(work.ticket), work)
      if (outcome.kind === 'found') {
        takeCase(correlationKey(outcome.work.ticket), outcome.work)
        found.push(outcome.line)
      }
      if (outcome.kind === 'digest') takeLine(signal, outcome.team, outcome.summary)
    },
    get nextNumber() {
      return nextNumber
    },
    crowdOf: (trouble, subject) => crowds?.of(trouble, subject, caseOf),
    loudOf: (subject, sourceId) => crowds?.loudOf({ subject, sourceId }, caseOf),
    parentOf: ({ ticket }) => (ticket.parent_id === null ? undefined : caseOf(ticket.parent_id)),
    provider: crowds?.provider,
    get cases() {
      return [...overtaken, ...cases.values()]
    },
    ...{ isOver, lately, marks, digests, found, suppression, book, evidence, newId },
  }
}

/** A signal's row as the stages see it. It was validated on its way in. */
export function troubleOf(signal: SignalRow, { late }: Pick<Matrix, 'late'>): Trouble {
  const { id, kind, severity, state, fingerprint, summary, origin, age_ms: ageMs } = signal
  let facts: Facts | undefined
  const source = origin === 'source' || origin === 'collector' ? origin : 'agent'
  return {
    signalId: id,
    kind,
    severity,
    state,
    fingerprint,
    summary,
    // Most routes ask for none of them.
    get facts() {
      facts ??= JSON.parse(signal.facts) as Facts
      return facts
    },
    ageMs,
    happenedAt: ageMs > late.pagesUntil ? signal.received_at - ageMs : null,
    source,
    urgency: null,
  }
}

export const newCase = (ticket: TicketsTable, subject: Subject): TicketCase => caseOf(ticket, subject, [], true)

/** Sorted by when they opened, so a later one wins; an open one wins over all. */
export function newestPerTrouble(tickets: readonly TicketsTable[]): TicketsTable[] {
  const newest = new Map<string, TicketsTable>()
  for (const ticket of tickets) {
    const known = newest.get(correlationKey(ticket))
    if (!known || !isOpen(known.status)) newest.set(correlationKey(ticket), ticket)
  }
  return [...newest.values()]
}
