/** Files that agents handed over; each belongs to the command that asked for it, and bears its id. */
export interface ArchivesTable {
  id: string
  organisation_id: string
  endpoint_id: string
  /** Of the whole. */
  bytes: number
  sha256: string
  begun_at: number
  /** null: it is still arriving. */
  completed_at: number | null
}

export interface ArchiveTables {
  archives: ArchivesTable
}
