import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { TicketStatus } from '#shared/domain/ticket.ts'
import { always } from '../../../server/escalate/calendar.ts'
import { answer, endClocks, startClocks, tightenClocks } from '../../../server/escalate/escalate.ts'
import { hop } from '../../../server/escalate/hop.ts'
import { ledgerOf } from '../../../server/escalate/ledger.ts'
import { pauseClocks, resumeClocks } from '../../../server/escalate/pause.ts'
import { readPromises } from '../../../server/escalate/promise.ts'
import { completionMs } from '../../../server/figures/story.ts'
import { apply, caseOf, type Subject, type TicketCase, type Trouble } from '../../../server/pipeline/changes.ts'
import { type Acted, acknowledged, reopenedBy, resolved, resumed, waited } from '../../../server/ticket/acts.ts'
import { draftTicket, opened } from '../../../server/ticket/ticket.ts'
import { defaultMatrix } from '../../support/desk-room.ts'

/*
 * 500 real incidents of three support lines, replayed as acts on our tickets; what they were is then read from our
 * timelines and compared with what the records themselves say.
 */

const file = join(import.meta.dirname, '../../../../shared/data/tickets/incidents-3-lines-500.csv')
const isThere = existsSync(file)
if (!isThere) console.log('The 500 incidents are not replayed: there is no ../shared/data/tickets here.')

interface Row {
  at: number
  status: string
  subStatus: string
  /** 1, 2 or 3: the suffix of the team. */
  line: number
}
type Lines = 1 | 2 | 3

function readCases(): [string, Row[]][] {
  const rows = readFileSync(file, 'utf8').trim().split('\n').slice(1)
  const parsed = rows.map((row) => {
    const [id = '', at = '', status = '', subStatus = '', , , , , team = ''] = row.trim().split(',')
    const line = Number(/ (\d)(?:nd|rd)$/.exec(team)?.[1] ?? 1)
    return { id, at: Temporal.Instant.from(at).epochMilliseconds, status, subStatus, line }
  })
  return [...Map.groupBy(parsed, ({ id }) => id)]
}

const matrix = isThere ? await defaultMatrix() : undefined
const person = 'somebody'
const subject: Subject = {
  organisation: { id: 'o', name: 'o', mode: 'live', plan: 'round-the-clock', timeZone: 'Europe/Paris' },
  ...{ site: null, endpoint: null, role: 'server', roleSource: 'facts', isolation: null, tags: [] },
}
const trouble: Trouble = {
  ...{ signalId: 's', kind: 'request.desk', severity: 'medium', state: 'happened', fingerprint: 'f', summary: 'x', facts: {} },
  ...{ ageMs: 0, happenedAt: null, source: 'person', urgency: null },
}

/** One ticket under the acts of people; nothing that is due comes due, because history knows what people did about it. */
class Replay {
  work: TicketCase
  readonly #matrix
  readonly #promises
  constructor(rules: NonNullable<typeof matrix>, line: number, at: number) {
    this.#matrix = rules
    this.#promises = readPromises(rules)
    const tier = this.tier(line)
    const ticket = { ...draftTicket(trouble, subject, { id: 't', number: 1, sourceId: null }, at), team: tier, tier }
    this.work = apply(caseOf(ticket, subject, [], true), opened(trouble, person), at)
    const routed = { kind: 'routed' as const, actor: 'system', body: { team: tier, tier, reasons: [] } }
    this.work = apply(this.work, { entries: [routed] }, at)
    this.work = apply(this.work, startClocks(this.work, this.owed(), rules, at), at)
  }
  tier = (line: number) => (['tier1', 'tier2', 'tier3'] as const)[line - 1] ?? 'tier1'
  owed() {
    return this.#promises({ team: this.work.ticket.team, priority: this.work.ticket.priority, isPaging: false }, subject)
  }
  #act(acted: Acted, at: number): void {
    if (acted.kind === 'illegal') throw new Error(`illegal in ${this.work.ticket.status}; legal: ${acted.legal.join(', ')}`)
    this.work = apply(this.work, acted.changes, at)
  }
  take(at: number): void {
    this.#act(acknowledged(this.work, person, at), at)
    this.work = apply(this.work, answer(this.work, this.owed(), this.#matrix, person, at, true), at)
  }
  wait(waitingFor: 'customer' | 'vendor', at: number): void {
    this.#act(waited(this.work, person, { waitingFor, until: null, note: '' }, at), at)
    this.work = apply(this.work, pauseClocks(this.work, waitingFor, null, this.owed(), this.#matrix, at), at)
  }
  resume(at: number): void {
    this.#act(resumed(this.work, person, '', at), at)
    this.work = apply(this.work, resumeClocks(this.work, this.owed(), this.#matrix, at), at)
  }
  resolve(at: number): void {
    this.#act(resolved(this.work, person, 'fixed', '', at), at)
    this.work = apply(this.work, endClocks(this.work, person, at), at)
  }
  reopen(at: number): void {
    this.#act(reopenedBy(this.work, person, '', at), at)
    this.work = apply(this.work, startClocks(this.work, this.owed(), this.#matrix, at), at)
  }
  /** Also back into its own team's queue. */
  queue(line: number, at: number): void {
    const to = { to: this.tier(line), reason: 'expertise' as const, actor: person, tried: 'x', hypothesis: '', packet: undefined }
    this.work = apply(this.work, hop(this.work, to, this.#matrix, at), at)
    this.work = apply(this.work, tightenClocks(this.work, this.owed(), this.#matrix, at), at)
  }
}

const isWait = ({ subStatus }: Row): boolean => subStatus.startsWith('Wait')

function replay(rules: NonNullable<typeof matrix>, rows: readonly Row[]): TicketCase {
  const [first] = rows
  if (!first) throw new Error('a case without a row')
  const desk = new Replay(rules, first.line, first.at)
  for (const row of rows) {
    const { status, line, at } = row
    const isCompleted = status === 'Completed'
    if (isCompleted && desk.work.ticket.status === 'resolved') continue
    if (!isCompleted && desk.work.ticket.status === 'resolved') desk.reopen(at)
    if (desk.tier(line) !== desk.work.ticket.team) desk.queue(line, at)
    if (isCompleted) desk.resolve(at)
    else if (status === 'Queued') {
      if (desk.work.ticket.status !== 'new') desk.queue(line, at)
    } else {
      if (desk.work.ticket.status === 'new') desk.take(at)
      if (desk.work.ticket.status === 'waiting') desk.resume(at)
      if (isWait(row)) desk.wait(row.subStatus === 'Wait - Vendor' ? 'vendor' : 'customer', at)
    }
  }
  return desk.work
}

/** What the records say, by themselves. */
function truthOf(rows: readonly Row[]) {
  const isOver = (at: number): boolean => rows[at]?.status === 'Completed'
  const [last, first] = [rows.at(-1), rows[0]]
  const completedAt = rows.findIndex(({ status }) => status === 'Completed')
  const waitedMs = rows
    .slice(0, Math.max(0, completedAt))
    .reduce((sum, row, at) => (isWait(row) ? sum + (rows[at + 1]?.at ?? row.at) - row.at : sum), 0)
  const state: TicketStatus =
    last?.status === 'Completed' ? 'resolved' : last?.status === 'Queued' ? 'new' : last && isWait(last) ? 'waiting' : 'acknowledged'
  return {
    state,
    highestLine: Math.max(...rows.map(({ line }) => line)) as Lines,
    reopenings: rows.filter((_, at) => !isOver(at) && isOver(at - 1)).length,
    completionMs: completedAt === -1 ? undefined : (rows[completedAt]?.at ?? 0) - (first?.at ?? 0) - waitedMs,
  }
}

function toldBy({ ticket, entries }: TicketCase) {
  const tiers = entries.flatMap(({ kind, body }) =>
    kind === 'routed' ? [String(body.tier)] : kind === 'escalated' ? [String(body.toTier)] : [],
  )
  const until = entries.at(-1)?.at ?? 0
  return {
    state: ticket.status,
    highestLine: Math.max(...tiers.map((tier) => Number(tier.slice('tier'.length)))) as Lines,
    reopenings: entries.filter(({ kind }) => kind === 'reopened').length,
    completionMs: completionMs({ entries, ledger: ledgerOf(entries, () => always, until) }),
  }
}

describe.skipIf(!isThere)('500 incidents of three support lines', () => {
  it('end, climb, come back and take as long as they did, to the millisecond', () => {
    const cases = readCases()
    expect(cases).toHaveLength(500)
    for (const [id, rows] of cases) {
      if (!matrix) throw new Error('no matrix')
      expect({ id, ...toldBy(replay(matrix, rows)) }).toEqual({ id, ...truthOf(rows) })
    }
    const truths = cases.map(([, rows]) => truthOf(rows))
    // So that a truth that is always the same proves nothing.
    expect(new Set(truths.map(({ highestLine }) => highestLine))).toEqual(new Set([1, 2, 3]))
    expect(truths.filter(({ reopenings }) => reopenings > 0).length).toBeGreaterThan(50)
  })
})
