import { randomUUIDv7 } from 'node:crypto'
import { whyNotOn } from '#shared/commands/define-command.ts'
import { commands as definitions } from '#shared/commands/registry.ts'
import { signersNeeded } from '#shared/protocol/command-powers.ts'
import { askedBy } from '../command/asked-by.ts'
import { requestCommands } from '../command/command.ts'
import type { Dispatcher } from '../command/dispatcher.ts'
import { whyTooLong } from '../command/order-size.ts'
import { holdForCore } from '../command/said-core.ts'
import { whyScriptsOff } from '../command/scripts-off.ts'
import { addSignature, type SignaturesNeeds, type Signed, signaturesOf } from '../command/signatures.ts'
import { changeOrganisation } from '../people/organisations.ts'
import { nothingKept } from '../pipeline/keep.ts'
import type { Tx } from '../store/store.ts'
import type { CommandsTable } from '../store/tables/command.ts'
import type { DeskOptions, DeskOutcome, Person } from './desk.ts'
import { createFind, type Finding } from './unknown.ts'

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
  add(commandId: string, jws: string, person: Person): Promise<Signed>
  /** Whoever looked says what became of one that nobody knew the end of. */
  find(finding: Finding): Promise<DeskOutcome>
  /** No script runs on machines of theirs until it is switched on again; nothing that is against an attack is about this. */
  switchScripts(organisationId: string, isOff: boolean, record: Person['record']): Promise<void>
  /** Within what says that this machine is core: what was asked of it before is looked at again. */
  saidCore(tx: Tx, endpointId: string): Promise<void>
  /** How one that runs comes along. */
  liveOf: Dispatcher['liveOf']
  shown(row: ShownRow): { id: string; payload: string; signedBy: string[]; needed: number }
}

type ShownRow = Pick<CommandsTable, 'id' | 'payload' | 'signatures' | 'verb' | 'risk' | 'organisation_id'>

export interface SigningOptions extends Pick<DeskOptions, 'store' | 'time' | 'turns' | 'afterCommit'> {
  register: SignaturesNeeds['register']
  sayOnTimeline: SignaturesNeeds['sayOnTimeline']
  dispatcher: Pick<Dispatcher, 'connected' | 'goOn' | 'liveOf'>
}

/** What is asked of a machine stands on a ticket of its own, or of no machine. */
async function isAbout(tx: Tx, ticketId: string, endpointId: string): Promise<boolean> {
  const ticket = await tx.selectFrom('tickets').select('endpoint_id').where('id', '=', ticketId).executeTakeFirst()
  return ticket !== undefined && (ticket.endpoint_id ?? endpointId) === endpointId
}

export function createSigning(options: SigningOptions): Signing {
  const { store, time, turns, afterCommit, register, sayOnTimeline, dispatcher } = options
  return {
    async ask({ verb, args, reason, endpointId, ticketId, person }) {
      const [id, now] = [randomUUIDv7(), time.now()]
      const done = await turns(async (tx): Promise<{ organisationId: string } | { why: string } | undefined> => {
        const endpoints = tx.selectFrom('endpoints').select(['organisation_id', 'platform']).where('removed_at', 'is', null)
        const endpoint = await endpoints.where('id', '=', endpointId).executeTakeFirst()
        if (!endpoint || (ticketId !== null && !(await isAbout(tx, ticketId, endpointId)))) return undefined
        const requestedBy = (await askedBy(tx, [person.id]))(person.id)
        const draft = { verb, args, endpoints: [endpointId], requestedBy, reason }
        const why =
          whyNotOn(definitions.get(verb), endpoint.platform) ??
          (await whyScriptsOff(tx, endpoint.organisation_id, verb)) ??
          whyTooLong(draft)
        if (why !== undefined) return { why }
        const about = { organisationId: endpoint.organisation_id, endpointId, ticketId }
        await requestCommands(tx, store.capabilities.putRows, [{ id, verb, args, reason, requestedBy: person.id, ...about }], now)
        const body = { commandId: id, verb, reason }
        if (ticketId !== null) await sayOnTimeline(tx, ticketId, { at: now, kind: 'command-requested', actor: person.id, body })
        await person.record?.(tx, id)
        return { organisationId: endpoint.organisation_id }
      })
      if (!done) return { id, outcome: { kind: 'missing' } }
      if ('why' in done) return { id, outcome: { kind: 'refused', reason: done.why } }
      afterCommit({ ...nothingKept, commands: [{ id, ...done, endpointId }], hasOrders: true })
      return { id, outcome: { kind: 'done', version: 0 } }
    },
    async add(commandId, jws, { record }) {
      const signed = await addSignature({ db: store.db, register, sayOnTimeline, record }, commandId, jws, time.now())
      if (signed.kind === 'queued') await dispatcher.connected(signed.command.endpoint_id)
      return signed
    },
    find: createFind(options),
    async switchScripts(organisationId, isOff, record) {
      await turns(async (tx) => {
        await changeOrganisation(tx, organisationId, { scriptsOff: isOff }, time.now())
        await record?.(tx)
      })
      if (!isOff) await dispatcher.goOn(organisationId)
    },
    saidCore: (tx, endpointId) => holdForCore(tx, options, endpointId, time.now()),
    liveOf: dispatcher.liveOf,
    shown: ({ id, payload, verb, risk, organisation_id: organisationId, ...row }) => ({
      ...{ id, payload: payload ?? '', signedBy: signaturesOf(row).map(({ operator }) => operator) },
      needed: signersNeeded({ risk, verb, organisationId }, register() ?? { operators: [] }),
    }),
  }
}
