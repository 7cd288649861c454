/** Each time that this collector was made of a backup. */
export interface RestoresTable {
  restored_at: number
  /** Of which instant the backup is: what came after it is forgotten. */
  made_at: number
  /** The version of Tierline that made the backup. */
  program: string
  /** When a collector first started on it; null: not yet. */
  started_at: number | null
  /** Below this one, tickets may have been given a number that was forgotten. */
  first_ticket_number: number | null
}

export interface BackupTables {
  restores: RestoresTable
}
