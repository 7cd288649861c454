import { type Ledger, type LedgerEntry, ledgerOf, type Named } from './escalate/ledger.ts'
import { calendarNamed } from './escalate/promise.ts'
import type { Rules } from './keep.ts'

/** Counts a ticket's minutes by the calendars of the matrix that was in force when each was promised. */
export function createLedgers(matrices: { rules: Pick<Rules, 'at'> }): (entries: readonly LedgerEntry[], now: number) => Ledger {
  const calendarOf = ({ calendar, timeZone, matrixVersion }: Named) => calendarNamed(matrices.rules.at(matrixVersion), calendar, timeZone)
  return (entries, now) => ledgerOf(entries, calendarOf, now)
}
