import type { Severity } from '#shared/domain/severity.ts'

/** What was true of a machine when it came to us, on the one ticket of its organisation that lists it. */
export interface FoundLinesTable {
  id: string
  organisation_id: string
  ticket_id: string
  endpoint_id: string
  /** What said it first. */
  signal_id: string
  fingerprint: string
  kind: string
  severity: Severity
  summary: string
  at: number
  /** `accepted`: they live with it; `opened`: it became a ticket; null: nobody has decided. */
  decision: 'accepted' | 'opened' | null
  decided_at: number | null
  decided_by: string | null
}

export interface OnboardTables {
  found_lines: FoundLinesTable
}
