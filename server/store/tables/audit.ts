export interface AuditTable {
  id: string
  at: number
  actor: string
  action: string
  target: string
  organisation_id: string | null
  /** JSON object. */
  detail: string
}

export interface AuditTables {
  audit: AuditTable
}
