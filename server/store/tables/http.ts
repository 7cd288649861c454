export interface IdempotencyKeysTable {
  /** SHA-256 of caller, route and key. */
  id: string
  request_hash: string
  status: number
  body: string
  created_at: number
}

export interface HttpTables {
  idempotency_keys: IdempotencyKeysTable
}
