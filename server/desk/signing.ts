import { randomUUIDv7 } from 'node:crypto'
import { signersNeeded } from '#shared/protocol/command-powers.ts'
import { requestCommands } from '../command/command.ts'
import { addSignature, type SignaturesNeeds, type Signed, signaturesOf } from '../command/signatures.ts'
import { nothingKept } from '../pipeline/keep.ts'
import type { Tx } from '../store/store.ts'
import type { CommandsTable } from '../store/tables/command.ts'
import type { DeskOptions, DeskOutcome, Person } from './desk.ts'

/*
 * What people ask of machines beside isolation, and operators' signatures on it. Threat: whoever may use the desk isn't
 * an operator by that: where operators are named, what they ask for only waits.
 */

export interface Asking {
  verb: string
  /** As the command's definition says; the row is refused otherwise. */
  args: Record<string, unknown>
  reason: string
  endpointId: string
  ticketId: string | null
  person: Person
}

export interface Signing {
  ask(asking: Asking): Promise<{ id: string; outcome: DeskOutcome }>
  add(commandId: string, jws: string): Promise<Signed>
  shown(row: ShownRow): { id: string; payload: string; signedBy: string[]; needed: number }
}

type ShownRow = Pick<CommandsTable, 'id' | 'payload' | 'signatures' | 'verb' | 'risk' | 'organisation_id'>

export interface SigningOptions extends Pick<DeskOptions, 'store' | 'time' | 'turns' | 'afterCommit'> {
  register: SignaturesNeeds['register']
  sayOnTimeline: SignaturesNeeds['sayOnTimeline']
  /** What can go out to this endpoint goes. */
  deliver(endpointId: string): Promise<void>
}

/** What is asked of a machine stands on a ticket of its own, or of no machine. */
async function isAbout(tx: Tx, ticketId: string, endpointId: string): Promise<boolean> {
  const ticket = await tx.selectFrom('tickets').select('endpoint_id').where('id', '=', ticketId).executeTakeFirst()
  return ticket !== undefined && (ticket.endpoint_id ?? endpointId) === endpointId
}

export function createSigning({ store, time, turns, afterCommit, register, sayOnTimeline, deliver }: SigningOptions): Signing {
  return {
    async ask({ verb, args, reason, endpointId, ticketId, person }) {
      const [id, now] = [randomUUIDv7(), time.now()]
      const organisationId = await turns(async (tx) => {
        const endpoints = tx.selectFrom('endpoints').select('organisation_id').where('removed_at', 'is', null)
        const endpoint = await endpoints.where('id', '=', endpointId).executeTakeFirst()
        if (!endpoint || (ticketId !== null && !(await isAbout(tx, ticketId, endpointId)))) return undefined
        const about = { organisationId: endpoint.organisation_id, endpointId, ticketId }
        await requestCommands(tx, store.capabilities.putRows, [{ id, verb, args, reason, requestedBy: person.id, ...about }], now)
        const body = { commandId: id, verb, reason }
        if (ticketId !== null) await sayOnTimeline(tx, ticketId, { at: now, kind: 'command-requested', actor: person.id, body })
        return endpoint.organisation_id
      })
      if (organisationId === undefined) return { id, outcome: { kind: 'missing' } }
      afterCommit({ ...nothingKept, commands: [{ id, organisationId, endpointId }], hasOrders: true })
      return { id, outcome: { kind: 'done', version: 0 } }
    },
    async add(commandId, jws) {
      const signed = await addSignature({ db: store.db, register, sayOnTimeline }, commandId, jws, time.now())
      if (signed.kind === 'queued') await deliver(signed.command.endpoint_id)
      return signed
    },
    shown: ({ id, payload, verb, risk, organisation_id: organisationId, ...row }) => ({
      ...{ id, payload: payload ?? '', signedBy: signaturesOf(row).map(({ operator }) => operator) },
      needed: signersNeeded({ risk, verb, organisationId }, register() ?? { operators: [] }),
    }),
  }
}
