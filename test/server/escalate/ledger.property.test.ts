import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { WaitingFor } from '#shared/domain/ticket.ts'
import { days, hours, minutes } from '#shared/domain/time.ts'
import { answer, endClocks, startClocks, tightenClocks } from '../../../server/escalate/escalate.ts'
import { ledgerOf, type Named } from '../../../server/escalate/ledger.ts'
import { pauseClocks, resumeClocks } from '../../../server/escalate/pause.ts'
import { printLedger } from '../../../server/escalate/print-ledger.ts'
import { calendarNamed, readPromises } from '../../../server/escalate/promise.ts'
import { apply, caseOf, type Subject, type TicketCase, type Trouble } from '../../../server/pipeline/changes.ts'
import { acknowledged, reopenedBy, resolved, resumed, waited } from '../../../server/ticket/acts.ts'
import { draftTicket, opened } from '../../../server/ticket/ticket.ts'
import { defaultMatrix } from '../../support/desk-room.ts'

/* Tickets live through any acts at any instants; then their timelines are counted again. */

const matrix = await defaultMatrix()
const promises = readPromises(matrix)
const calendarOf = ({ calendar, timeZone }: Named) => calendarNamed(matrix, calendar, timeZone)

const about = (plan: string, timeZone: string): Subject => ({
  organisation: { id: 'acme', name: 'Acme', mode: 'live', plan, timeZone },
  ...{ site: null, endpoint: null, role: 'server', roleSource: 'facts', isolation: null, tags: [] },
})
const trouble: Trouble = {
  ...{ signalId: 's', kind: 'health.disk.full', severity: 'medium', state: 'raised', fingerprint: 'f', summary: 'Full', facts: {} },
  ...{ ageMs: 0, happenedAt: null, source: 'agent', urgency: null },
}

class Life {
  work: TicketCase
  constructor(subject: Subject, priority: 'P1' | 'P2' | 'P3' | 'P4', now: number) {
    const ticket = { ...draftTicket(trouble, subject, { id: 't', number: 1, sourceId: null }, now), priority }
    this.work = apply(caseOf(ticket, subject, [], true), opened(trouble, 'agent'), now)
    this.work = apply(this.work, startClocks(this.work, this.owed(), matrix, now), now)
  }
  owed() {
    const { team, priority } = this.work.ticket
    return promises({ team, priority, isPaging: false }, this.work.subject)
  }
  do(what: Step['what'], waitingFor: WaitingFor, now: number): void {
    const { work } = this
    const acted = {
      take: () => acknowledged(work, 'ada', now),
      wait: () => waited(work, 'ada', { waitingFor, until: null, note: '' }, now),
      resume: () => resumed(work, 'ada', '', now),
      resolve: () => resolved(work, 'ada', 'fixed', '', now),
      reopen: () => reopenedBy(work, 'ada', '', now),
      raise: () => ({ kind: 'changes' as const, changes: { ticket: { priority: 'P2' as const } } }),
    }[what]()
    if (acted.kind !== 'changes') return
    this.work = apply(work, acted.changes, now)
    if (what === 'take') this.clocks(answer(this.work, this.owed(), matrix, 'ada', now, true), now)
    if (what === 'wait') this.clocks(pauseClocks(this.work, waitingFor, null, this.owed(), matrix, now), now)
    if (what === 'resume') this.clocks(resumeClocks(this.work, this.owed(), matrix, now), now)
    if (what === 'resolve') this.clocks(endClocks(this.work, 'ada', now), now)
    if (what === 'reopen') this.clocks(startClocks(this.work, this.owed(), matrix, now), now)
    if (what === 'raise' && work.ticket.status !== 'resolved') this.clocks(tightenClocks(this.work, this.owed(), matrix, now), now)
  }
  clocks(changes: Parameters<typeof apply>[1], now: number): void {
    this.work = apply(this.work, changes, now)
  }
}

interface Step {
  what: 'take' | 'wait' | 'resume' | 'resolve' | 'reopen' | 'raise'
  afterMs: number
  waitingFor: WaitingFor
}
const steps = (...what: Step['what'][]) =>
  fc.array(
    fc.record({
      what: fc.constantFrom(...what),
      afterMs: fc.oneof(fc.integer({ min: 0, max: hours(3) }), fc.integer({ min: 0, max: days(9) })),
      waitingFor: fc.constantFrom(...WaitingFor.options),
    }),
    { maxLength: 25 },
  )
const subject = fc
  .tuple(fc.constantFrom('standard', 'round-the-clock', 'watch'), fc.constantFrom('Europe/Berlin', 'America/New_York', 'Asia/Kathmandu'))
  .map(([plan, timeZone]) => about(plan, timeZone))
const start = fc.integer({ min: Date.UTC(2026, 0, 1), max: Date.UTC(2027, 0, 1) })
const priority = fc.constantFrom('P1' as const, 'P2' as const, 'P3' as const, 'P4' as const)

describe('the ledger', () => {
  it('has a line for every millisecond, one after the other, and they sum to what has passed', () => {
    fc.assert(
      fc.property(
        subject,
        priority,
        start,
        steps('take', 'wait', 'resume', 'resolve', 'reopen', 'raise'),
        fc.nat(days(30)),
        (of, how, from, list, rest) => {
          const life = new Life(of, how, from)
          let now = from
          for (const { what, afterMs, waitingFor } of list) {
            now += afterMs
            life.do(what, waitingFor, now)
          }
          now += rest
          const ledger = ledgerOf(life.work.entries, calendarOf, now)
          const end = life.work.ticket.resolved_at ?? now
          expect([ledger.from, ledger.to]).toEqual([from, end])
          let until = from
          for (const line of ledger.lines) {
            expect(line.from).toBe(until)
            expect(line.to).toBeGreaterThan(line.from)
            until = line.to
          }
          expect(until).toBe(end)
          const { running, paused, outside, ended } = ledger.totals
          expect(running + paused + outside + ended).toBe(end - from)
          expect(printLedger({ ...life.work.ticket }, ledger)).toContain('in all =')
        },
      ),
      { numRuns: 300, verbose: 1 },
    )
  })

  it('agrees with the deadline: when it comes, exactly what is owed has run, however often the ticket waited', () => {
    fc.assert(
      fc.property(subject, priority, start, steps('take', 'wait', 'resume'), (of, how, from, list) => {
        const life = new Life(of, how, from)
        let now = from
        for (const { what, afterMs, waitingFor } of list) {
          const { resolve_by, waiting_since } = life.work.ticket
          // Nothing to compare once it is broken.
          if (resolve_by === null || (waiting_since === null && now + afterMs >= resolve_by)) break
          now += afterMs
          life.do(what, waitingFor, now)
        }
        life.do('resume', 'customer', now)
        const { resolve_by } = life.work.ticket
        if (resolve_by === null) return
        const resolve = ledgerOf(life.work.entries, calendarOf, resolve_by).promises.find(({ promise }) => promise === 'resolve')
        expect(resolve).toMatchObject({ by: resolve_by, ranMs: life.owed().resolveMs })
      }),
      { numRuns: 300, verbose: 1 },
    )
  })

  it('says of each minute what it was, and for whom it stood still', () => {
    const at = (text: string) => Temporal.PlainDateTime.from(text).toZonedDateTime('Europe/Berlin').epochMilliseconds
    const life = new Life(about('standard', 'Europe/Berlin'), 'P3', at('2026-11-20T17:00'))
    life.do('take', 'customer', at('2026-11-20T17:30'))
    life.do('wait', 'vendor', at('2026-11-23T09:00'))
    life.do('resume', 'vendor', at('2026-11-23T12:00'))
    const ledger = ledgerOf(life.work.entries, calendarOf, at('2026-11-23T12:00') + minutes(5))
    expect(printLedger({ number: 7, title: 'Full', priority: 'P3', team: 'tier1', status: 'acknowledged' }, ledger)).toBe(`#7 Full
P3, tier1, acknowledged. It counts in “office”, Europe/Berlin.

from                     to                       for
Fri 2026-11-20 17:00:00  Fri 2026-11-20 18:00:00  1:00:00   running
Fri 2026-11-20 18:00:00  Mon 2026-11-23 08:00:00  62:00:00  outside hours
Mon 2026-11-23 08:00:00  Mon 2026-11-23 09:00:00  1:00:00   running
Mon 2026-11-23 09:00:00  Mon 2026-11-23 12:00:00  3:00:00   paused: waits for the vendor
Mon 2026-11-23 12:00:00  Mon 2026-11-23 12:05:00  0:05:00   running

67:05:00 in all = 2:05:00 running + 3:00:00 paused + 62:00:00 outside hours
To respond by Mon 2026-11-23 09:00:00: was kept; 0:30:00 of 2:00:00 ran.
To resolve by Wed 2026-11-25 10:00:00: is still owed; 2:05:00 of 20:00:00 ran.
`)
  })
})
