import type { FiguresAnswer } from '#shared/api/figures.ts'
import { comesAndGoes } from '../correlate/flapping.ts'
import { type Ledger, type LedgerEntry, ledgerOf, type Named } from '../escalate/ledger.ts'
import { calendarNamed } from '../escalate/promise.ts'
import { type Asked, figuresInBites } from '../figures/figures.ts'
import { noiseOf } from '../figures/noise-meter.ts'
import type { Story } from '../figures/story.ts'
import type { Rules } from '../pipeline/keep.ts'
import type { TicketsTable } from '../store/tables/ticket.ts'

/** What is counted: of timelines a ticket's minutes, and by them a desk's figures; and how often a trouble comes and goes. */
export interface Ledgers {
  ledgerOf(entries: readonly LedgerEntry[], now: number): Ledger
  figuresOf(told: readonly Omit<Story, 'ledger'>[], asked: Asked, now: number): Promise<FiguresAnswer>
  noiseOf: typeof noiseOf
  comesAndGoes(ticket: Pick<TicketsTable, 'flips'>, now: number): boolean
}

/** Minutes count in the calendars of the matrix that was in force when they were promised. */
export function createLedgers(matrices: { rules: Pick<Rules, 'at' | 'matrix'> }): Ledgers {
  const calendarOf = ({ calendar, timeZone, matrixVersion }: Named) => calendarNamed(matrices.rules.at(matrixVersion), calendar, timeZone)
  const count = (entries: readonly LedgerEntry[], now: number): Ledger => ledgerOf(entries, calendarOf, now)
  return {
    ledgerOf: count,
    noiseOf,
    comesAndGoes: (ticket, now) => comesAndGoes(ticket, matrices.rules.matrix, now),
    figuresOf(told, asked, now) {
      function* stories(): Generator<Story> {
        for (const ticket of told) yield { ...ticket, ledger: count(ticket.entries, now) }
      }
      return inBites(figuresInBites(stories(), asked))
    },
  }
}

/** Others have their turn between two bites: a year of tickets takes seconds, and agents wait for no figures. */
async function inBites<Result>(work: Generator<void, Result>): Promise<Result> {
  for (;;) {
    const step = work.next()
    if (step.done) return step.value
    await new Promise((resolve) => setImmediate(resolve))
  }
}
