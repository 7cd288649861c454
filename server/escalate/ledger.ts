import type { Entry } from '../pipeline/changes.ts'
import type { Calendar } from './calendar.ts'

/*
 * Where every millisecond of a ticket went, counted again from its timeline alone: it ran, it stood still (and why), it
 * was outside of the hours that were promised, or the ticket had ended. The lines follow each other without a gap, so
 * they sum to the time that has passed.
 */

export type LineState = 'running' | 'paused' | 'outside' | 'ended'
export interface Line {
  from: number
  to: number
  state: LineState
  /** Whom or what it waited for; empty where the state says all. */
  why: string
}

export interface Counted {
  promise: 'respond' | 'resolve'
  /** null: nothing was promised. */
  by: number | null
  owedMs: number | null
  /** Since the ticket opened, or opened again: how much of the promised time has run. */
  ranMs: number
  state: 'running' | 'kept' | 'broken' | 'none'
}

export interface Ledger {
  from: number
  to: number
  lines: Line[]
  totals: Record<LineState, number>
  promises: Counted[]
  /** In which calendar it counts now; null: of a ticket from before this was written down. */
  named: Named | null
}

export interface Named {
  calendar: string
  timeZone: string
  matrixVersion: number
}

export type LedgerEntry = Pick<Entry, 'at' | 'kind' | 'actor' | 'body'>
type CalendarOf = (named: Named) => Calendar

/** What the clocks stand at in the middle of a timeline. */
interface Standing {
  waitsFor: string | null
  isEnded: boolean
  named: Named | null
}

/** @param entries of one ticket, in their order. */
export function ledgerOf(entries: readonly LedgerEntry[], calendarOf: CalendarOf, now: number): Ledger {
  const from = entries[0]?.at ?? now
  const lines: Line[] = []
  let standing: Standing = { waitsFor: null, isEnded: false, named: null }
  let until = from
  for (const entry of entries) {
    const at = Math.min(entry.at, now)
    if (at > until) lines.push(...linesBetween(until, at, standing, calendarOf))
    until = Math.max(until, at)
    standing = after(standing, entry)
  }
  const isOver = standing.isEnded
  const to = isOver ? until : now
  lines.push(...linesBetween(until, to, standing, calendarOf))
  const joined = join(lines)
  return { from, to, lines: joined, totals: totalsOf(joined), promises: count(entries, joined, to), named: standing.named }
}

/** Kept under another ticket, which has clocks for all: nothing is owed for this one meanwhile. */
const underAnother = 'ticket over it'

function after(standing: Standing, { kind, body }: LedgerEntry): Standing {
  switch (kind) {
    case 'waiting':
      return { ...standing, waitsFor: String(body.for) }
    case 'resumed':
      return { ...standing, waitsFor: null }
    case 'resolved':
      return { ...standing, waitsFor: null, isEnded: true }
    case 'reopened':
      return { ...standing, waitsFor: null, isEnded: false }
    case 'gathered':
      return { ...standing, waitsFor: underAnother }
    case 'parted':
      return { ...standing, waitsFor: standing.waitsFor === underAnother ? null : standing.waitsFor }
    case 'promised':
      return { ...standing, named: namedIn(body) }
    default:
      return standing
  }
}

const namedIn = (body: LedgerEntry['body']): Named => ({
  ...{ calendar: String(body.calendar), timeZone: String(body.timeZone), matrixVersion: Number(body.matrixVersion) },
})

function linesBetween(from: number, to: number, { waitsFor, isEnded, named }: Standing, calendarOf: CalendarOf): Line[] {
  if (to <= from) return []
  if (isEnded) return [{ from, to, state: 'ended', why: '' }]
  if (waitsFor !== null) return [{ from, to, state: 'paused', why: waitsFor }]
  if (named === null) return [{ from, to, state: 'running', why: '' }]
  const lines: Line[] = []
  let until = from
  for (const { opensAt, closesAt } of calendarOf(named).openings(from, to)) {
    if (opensAt > until) lines.push({ from: until, to: opensAt, state: 'outside', why: '' })
    lines.push({ from: opensAt, to: closesAt, state: 'running', why: '' })
    until = closesAt
  }
  if (until < to) lines.push({ from: until, to, state: 'outside', why: '' })
  return lines
}

/** Neighbours that say the same are one. */
function join(lines: readonly Line[]): Line[] {
  const joined: Line[] = []
  for (const line of lines) {
    const last = joined.at(-1)
    if (last && last.state === line.state && last.why === line.why) last.to = line.to
    else joined.push({ ...line })
  }
  return joined
}

function totalsOf(lines: readonly Line[]): Record<LineState, number> {
  const totals = { running: 0, paused: 0, outside: 0, ended: 0 }
  for (const { from, to, state } of lines) totals[state] += to - from
  return totals
}

/** Of the life that the ticket has now: what came before it was reopened is settled. */
function count(entries: readonly LedgerEntry[], lines: readonly Line[], to: number): Counted[] {
  const begins = entries.findLastIndex(({ kind }) => kind === 'opened' || kind === 'reopened')
  const life = entries.slice(Math.max(0, begins))
  const since = life[0]?.at ?? to
  const owed = life.findLast(({ kind }) => kind === 'promised' || kind === 'gathered')
  const latest = owed?.kind === 'promised' ? owed.body : undefined
  const counted = (promise: Counted['promise'], by: number | null, owedMs: number | null, ends: number): Counted => {
    const said = life.find(({ kind, body }) => (kind === 'promise-kept' || kind === 'promise-broken') && body.promise === promise)
    return { promise, by, owedMs, ranMs: ranBetween(lines, since, ends), state: stateOf(by, said) }
  }
  return [
    counted('respond', numberOf(latest?.respondBy), numberOf(latest?.respondMs), life.find(isAnswer)?.at ?? to),
    counted('resolve', numberOf(latest?.resolveBy), numberOf(latest?.resolveMs), to),
  ]
}

const stateOf = (by: number | null, said: LedgerEntry | undefined): Counted['state'] => {
  if (by === null) return 'none'
  return said === undefined ? 'running' : said.kind === 'promise-kept' ? 'kept' : 'broken'
}

const acts: readonly LedgerEntry['kind'][] = ['acknowledged', 'commented', 'waiting', 'escalated', 'resolved', 'containment-answered']

/** A person of ours did something; what the customer says is no answer. */
export const isAnswer = ({ kind, actor, body }: LedgerEntry): boolean =>
  acts.includes(kind) && actor !== 'system' && actor !== 'agent' && body.isCustomer !== true

const ranBetween = (lines: readonly Line[], since: number, ends: number): number =>
  lines.reduce((sum, { from, to, state }) => {
    const within = Math.min(to, ends) - Math.max(from, since)
    return state === 'running' && within > 0 ? sum + within : sum
  }, 0)

const numberOf = (value: unknown): number | null => (typeof value === 'number' ? value : null)
