import fc from 'fast-check'
import { expect, it } from 'vitest'
import { comparePriority } from '#shared/domain/priority.ts'
import { Severity } from '#shared/domain/severity.ts'
import { isOpen } from '#shared/domain/ticket.ts'
import { days, hours, minutes } from '#shared/domain/time.ts'
import { unanswered } from '../../../server/command/contain.ts'
import { answer, reviewIfNothingIsDue, tightenClocks } from '../../../server/escalate/escalate.ts'
import { fire } from '../../../server/escalate/fire.ts'
import { apply, caseOf, type Subject, type TicketCase } from '../../../server/pipeline/changes.ts'
import { readRules } from '../../../server/pipeline/keep.ts'
import { decide } from '../../../server/pipeline/pipeline.ts'
import { alone } from '../../../server/pipeline/world.ts'
import { nothingSuppressed } from '../../../server/suppress/suppress.ts'
import { acknowledged } from '../../../server/ticket/acts.ts'
import { defaultMatrix, signalRow } from '../../support/desk-room.ts'

/*
 * The desk over memory: one trouble's signals in any order, with time passing between them. Whatever comes, these hold.
 */
const rules = readRules(await defaultMatrix())
const { matrix, owedOf } = rules

type Step = { kind: 'signal'; signal: Parameters<typeof signalRow>[0] } | { kind: 'wait'; ms: number } | { kind: 'person' }

const signal = fc.record({
  severity: fc.constantFrom(...Severity.options),
  state: fc.constantFrom('raised' as const, 'cleared' as const, 'happened' as const),
  ageMs: fc.constantFrom(0, 0, hours(2), days(2), days(3)),
  facts: fc.constantFrom({ change: 'unreadable' }, { change: 'edited' }, { change: 'deleted' }, { canariesTouched: 3 }, {}),
})
const step: fc.Arbitrary<Step> = fc.oneof(
  signal.map((each) => ({ kind: 'signal' as const, signal: each })),
  fc.constant({ kind: 'person' as const }),
  fc.integer({ min: 1, max: 3 * 24 * 60 }).map((count) => ({ kind: 'wait' as const, ms: minutes(count) })),
)
const subject = fc.record({
  role: fc.constantFrom('workstation' as const, 'server' as const, 'core' as const, 'unknown' as const),
  mode: fc.constantFrom('observe' as const, 'live' as const),
  plan: fc.constantFrom('standard', 'round-the-clock', 'watch', 'a plan nobody knows'),
})
const kind = fc.constantFrom(
  'security.ransomware.canary',
  'security.logon.bruteforce',
  'security.other',
  'health.disk.full',
  'health.service.down',
  'network.link',
  'system.x',
)

it('one open ticket, always with something due, each timer once, priority and security never lowered, core never isolated alone', () => {
  fc.assert(
    fc.property(kind, subject, fc.array(step, { maxLength: 40 }), (of, { role, mode, plan }, steps) => {
      const about: Subject = {
        organisation: { id: 'o', name: 'O', mode, plan, timeZone: 'Europe/Berlin' },
        ...{ site: null, endpoint: { id: 'e', hostname: 'e' }, role, roleSource: 'facts', isolation: null },
      }
      const memory = new Memory(about)
      for (const each of steps) {
        const before = memory.work
        if (each.kind === 'wait') memory.wait(each.ms)
        else if (each.kind === 'person') memory.acknowledge()
        else memory.take({ kind: of, ...each.signal })
        if (memory.work) holds(memory.work, before, of)
        if (role === 'core' || role === 'unknown' || mode === 'observe') expect(memory.isolatedAlone).toBe(0)
      }
    }),
    { numRuns: 300 },
  )
})

function holds(work: TicketCase, before: TicketCase | undefined, of: string): void {
  const { ticket, timers } = work
  expect(timers.length > 0).toBe(isOpen(ticket.status))
  expect(new Set(timers.map((timer) => timer.kind)).size).toBe(timers.length)
  if (of.startsWith('security.')) expect(ticket.resolution).toBe(null)
  if (!before || before.ticket.id !== ticket.id || !isOpen(before.ticket.status) || !isOpen(ticket.status)) return
  expect(comparePriority(ticket.priority, before.ticket.priority)).toBeLessThanOrEqual(0)
  const rungs = ['tier1', 'tier2', 'tier3', 'security']
  expect(rungs.indexOf(ticket.tier)).toBeGreaterThanOrEqual(rungs.indexOf(before.ticket.tier))
  expect(ticket.occurrences).toBeGreaterThanOrEqual(before.ticket.occurrences)
  expect(ticket.resolve_by ?? 0).toBeLessThanOrEqual(before.ticket.resolve_by ?? Number.POSITIVE_INFINITY)
}

/** What the pipeline and the timers do, without a database. */
class Memory {
  readonly #subject: Subject
  #now = Date.UTC(2026, 10, 20)
  #ids = 0
  work: TicketCase | undefined
  isolatedAlone = 0

  constructor(subject: Subject) {
    this.#subject = subject
  }

  take(signal: Parameters<typeof signalRow>[0]): void {
    const view = {
      subjectOf: () => this.#subject,
      earlier: () => this.work,
      nextNumber: 1,
      isOver: ({ age_ms }: { age_ms: number }) => age_ms === days(3),
      lately: [],
      suppression: nothingSuppressed,
      ...alone,
    }
    const outcome = decide(view, rules, signalRow({ fingerprint: 'f', ...signal }, this.#now), this.#now)
    if (outcome.kind === 'ticket') this.#keep(outcome.work)
  }

  acknowledge(): void {
    const acted = this.work && acknowledged(this.work, 'person', this.#now)
    if (!this.work || acted?.kind !== 'changes') return
    const taken = apply(this.work, acted.changes, this.#now)
    this.#keep(apply(taken, answer(taken, owedOf(taken), matrix, 'person', this.#now, true), this.#now))
  }

  wait(ms: number): void {
    const end = this.#now + ms
    for (let next = this.#next(end); next && this.work; next = this.#next(end)) {
      this.#now = Math.max(this.#now, next.dueAt)
      const without = { ...this.work, timers: this.work.timers.filter((timer) => timer !== next) }
      const firing = { matrix, owed: owedOf(without), staff: [], packet: undefined }
      const changes = next.kind === 'ask-due' ? unanswered(without, matrix.modes, this.#now) : fire(without, next, firing, this.#now)
      const fired = apply(without, changes, this.#now)
      const hasMoved = fired.ticket.team !== without.ticket.team
      this.#keep(hasMoved ? apply(fired, tightenClocks(fired, owedOf(fired), matrix, this.#now), this.#now) : fired)
    }
    this.#now = end
  }

  #next(end: number) {
    return this.work?.timers.filter(({ dueAt }) => dueAt <= end).sort((a, b) => a.dueAt - b.dueAt)[0]
  }

  #keep(work: TicketCase): void {
    const kept = apply(
      work,
      reviewIfNothingIsDue(work, () => owedOf(work), matrix.review, this.#now),
      this.#now,
    )
    this.isolatedAlone += kept.orders.filter(({ requestedBy }) => requestedBy === 'system').length
    this.work = caseOf(
      kept.ticket,
      this.#subject,
      kept.timers.map((timer) => ({ ...timer, id: timer.id ?? `timer-${++this.#ids}` })),
    )
  }
}
