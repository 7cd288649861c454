export interface PolicyVersionsTable {
  version: number
  /** As it was written. */
  yaml: string
  author: string
  created_at: number
}
/** What the machines of an organisation go by, as it was signed. */
export interface PoliciesTable {
  organisation_id: string
  /** Only ever rises. */
  number: number
  issued_at: number
  jws: string
  /** Of which text it was made; null: agents handed it back. */
  version: number | null
  /** The operator; null: the collector. */
  signed_by: string | null
}

export interface PolicyTables {
  policy_versions: PolicyVersionsTable
  policies: PoliciesTable
}
