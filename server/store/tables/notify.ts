import type { Generated } from 'kysely'

/**
 * `everybody`: hears of every ticket of its organisation; `person`: one way of a person, for what concerns them;
 * `contact`: an organisation's named contact, for P1 and isolations; `requester`: who wrote to us, for their own requests.
 */
export type Audience = 'everybody' | 'person' | 'contact' | 'requester'

export interface ReceiversTable {
  id: string
  name: string
  /** The notifier's file: webhook. */
  notifier: string
  /** JSON: url, secret. Never shown again. */
  settings: string
  /** null: hears of every organisation. */
  organisation_id: string | null
  audience: Generated<Audience>
  /** Whose way it is. */
  person_id: string | null
  /** A person's ways are tried in this order, 1 first. */
  rank: number | null
  /** Hears of this team's tickets only. */
  team: string | null
  /** The mail address, where it is one: how many mails it gets is counted over all receivers of it. */
  address: string | null
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
  /** A page goes by the person's next way if its notifier has not accepted it by then; null: it isn't one. */
  pass_on_at: number | null
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
/** When an organisation's lines were last gathered into a ticket, by what that raises; `unrouted`: what no route names was listed. */
export interface RoundUpsTable {
  organisation_id: string
  name: string
  at: number
}

export interface NotifyTables {
  receivers: ReceiversTable
  outbox: OutboxTable
  digest_lines: DigestLinesTable
  round_ups: RoundUpsTable
}
