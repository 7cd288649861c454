import type { Flag } from '../flag.ts'

/** How far the paging of a ticket has come. */
export interface PagingsTable {
  ticket_id: string
  /** Whose people are called, as what, and when the ticket came to them: something else begins anew. */
  team: string
  priority: string
  opened_at: number
  /** When the ladder began. */
  since: number
  is_page: Flag
  /** The rung that was reached, from 0; -1 before the first. */
  rung: number
  /** When it goes on; null: never by itself. */
  next_at: number | null
}

export interface PageTables {
  pagings: PagingsTable
}
