export interface ReceiversTable {
  id: string
  name: string
  /** The notifier's file: webhook. */
  notifier: string
  /** JSON: url, secret. Never shown again. */
  settings: string
  /** null: hears of every organisation. */
  organisation_id: string | null
  created_at: number
  disabled_at: number | null
}
export interface OutboxTable {
  id: string
  receiver_id: string
  ticket_id: string | null
  organisation_id: string | null
  /** ticket.opened, ticket.escalated, … */
  event: string
  /** JSON object. */
  body: string
  created_at: number
  attempts: number
  next_attempt_at: number | null
  delivered_at: number | null
  failed_at: number | null
  last_error: string | null
}
export interface DigestLinesTable {
  id: string
  organisation_id: string
  endpoint_id: string | null
  team: string
  signal_id: string
  summary: string
  at: number
  sent_at: number | null
}

export interface NotifyTables {
  receivers: ReceiversTable
  outbox: OutboxTable
  digest_lines: DigestLinesTable
}
