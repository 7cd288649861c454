import type { Generated } from 'kysely'
import type { BulkStatus } from '#shared/domain/bulk.ts'
import type { CommandStatus, Risk } from '#shared/domain/command.ts'
import type { ActualIsolation, DesiredIsolation } from '#shared/domain/endpoint.ts'
import type { Flag } from '../flag.ts'

export interface CommandsTable {
  id: string
  organisation_id: string
  endpoint_id: string
  ticket_id: string | null
  verb: string
  /** JSON object. */
  args: string
  risk: Risk
  status: CommandStatus
  requested_by: string
  reason: string
  requested_at: number
  expires_at: number
  /** Compact JWS once signed: the collector's, or the first operator's. */
  jws: string | null
  /** Of one that waits for operators, or did: the bytes that they sign. */
  payload: string | null
  /** JSON list: who signed, when, with which key. */
  signatures: string | null
  sent_at: number | null
  delivered_at: number | null
  running_at: number | null
  settled_at: number | null
  /** JSON of the ResultRecord. */
  result: string | null
  /** JSON: what a person found out, where nobody knew. */
  resolution: string | null
  /** The order over many machines that this is one machine's part of: its signature, and the id that the agent knows it by. */
  bulk_id: string | null
}
/** One order over many machines. Its id is that of the signed order. */
export interface BulksTable {
  id: string
  organisation_id: string
  verb: string
  /** JSON object. */
  args: string
  risk: Risk
  status: BulkStatus
  requested_by: string
  reason: string
  requested_at: number
  expires_at: number
  /** JSON list: how many machines each stage has. */
  sizes: string
  /** From more failures of a stage on it stops. */
  fail_percent: number
  wait_ms: number
  /** How many stages have begun. */
  stage: number
  stage_begun_at: number | null
  /** Failures until then are forgiven: a person went on. */
  judged_from: number | null
  /** Why it stopped, ended, or waits for operators. */
  note: string
  jws: string | null
  payload: string | null
  /** JSON list, as a command's. */
  signatures: string | null
  settled_at: number | null
}
/** Whose turn comes when. */
export interface BulkTargetsTable {
  bulk_id: string
  /** From 0. */
  place: number
  endpoint_id: string
}
/** Results as they came; unhandled until the pipeline settled them. */
export interface CommandResultsTable {
  id: string
  endpoint_id: string
  command_id: string
  /** JSON of the ResultRecord. */
  body: string
  received_at: number
  handled_at: number | null
}
export interface IsolationsTable {
  endpoint_id: string
  desired: DesiredIsolation
  desired_at: number
  desired_by: string
  actual: ActualIsolation
  actual_at: number
  is_ready: Flag
  /** Why it is not ready, or the last detail. */
  detail: string
  /** JSON: the proof of the last isolation. */
  proof: string | null
  /** JSON of NeighboursView: what other agents of the site say of it; null: nobody was asked since something was last wanted. */
  neighbours?: Generated<string | null>
  /** JSON list of the endpoints that ask it now and then whether it answers; null: nobody does. */
  kept_by?: Generated<string | null>
  /** Of its isolations, as its screen shows it; null: its agent counts none. */
  number?: Generated<number | null>
}
/** One of two sides has said that this machine may be released; gone once anything else is wanted of it. */
export interface ReleaseConsentsTable {
  endpoint_id: string
  side: 'customer' | 'provider'
  person_id: string
  reason: string
  at: number
  /** Why it may come back as it is, though a task to restore it is open; null: it was not said. */
  without_restore: string | null
}

/** A version of a standing order; the highest number of one that is signed is in force. */
export interface StandingOrdersTable {
  id: string
  number: number
  organisation_id: string
  /** The bytes that are signed. */
  payload: string
  /** JSON list, as of commands. */
  signatures: string
  risk: Risk
  state: 'unsigned' | 'signed' | 'dropped'
  is_withdrawal: Flag
  ends_at: number
  asked_by: string
  asked_at: number
}
/** Which commands brought a standing order to a machine (`run` null), or were its runs. */
export interface StandingCommandsTable {
  command_id: string
  order_id: string
  number: number
  endpoint_id: string
  run: number | null
  /** Of a run the fingerprint of what triggered it; of a pause what it says. */
  about: string | null
}

export interface CommandTables {
  standing_orders: StandingOrdersTable
  standing_commands: StandingCommandsTable
  commands: CommandsTable
  bulks: BulksTable
  bulk_targets: BulkTargetsTable
  release_consents: ReleaseConsentsTable
  command_results: CommandResultsTable
  isolations: IsolationsTable
}
