import type { Selectable } from 'kysely'
import type { AuditDueTable } from '../store/tables/audit.ts'
import type { AuditEntry } from './audit.ts'
import { sha256 } from './chain.ts'

/*
 * A step of a command, as the database wrote it down → its line. What may hold a secret (arguments, output) goes in as
 * its hash: it stands on the command itself, and the hash says whether it still does.
 */

export type Step = Selectable<AuditDueTable>

export function entryOf(step: Step): AuditEntry & { at?: number } {
  const { command_id, organisation_id, verb, endpoint_id, ticket_id, reason, args, payload, jws, at } = step
  const isAsked = step.status === 'requested'
  return {
    actor: actorOf(step),
    action: `order.${step.is_signing === 1 ? 'signed' : step.status}`,
    target: `command:${command_id}`,
    organisationId: organisation_id,
    ...(at !== null && { at }),
    detail: {
      ...{ verb, endpointId: endpoint_id, ticketId: ticket_id, argsSha256: sha256(args) },
      ...(isAsked && { reason }),
      ...(payload !== null && { orderSha256: sha256(payload) }),
      ...(jws !== null && { signatureSha256: sha256(jws) }),
      ...resultOf(step),
      ...(step.is_signing === 1 && { status: step.status, signer: lastSigner(step)?.kid ?? null }),
    },
  }
}

/** Who brought it about, as far as the command says. */
function actorOf(step: Step): string {
  if (step.is_signing === 1) return `operator:${lastSigner(step)?.operator ?? 'unknown'}`
  if (step.status === 'requested') return step.requested_by
  return step.status === 'delivered' || step.status === 'running' || step.result !== null ? `endpoint:${step.endpoint_id}` : 'system'
}

function resultOf({ result }: Step): Record<string, unknown> {
  if (result === null) return {}
  const { outcome, detail } = JSON.parse(result) as { outcome?: unknown; detail?: unknown }
  return { outcome, said: detail, resultSha256: sha256(result) }
}

const lastSigner = ({ signatures }: Step): { operator: string; kid: string } | undefined =>
  (JSON.parse(signatures ?? '[]') as { operator: string; kid: string }[]).at(-1)
