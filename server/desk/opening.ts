import { randomUUIDv7 } from 'node:crypto'
import { Fault } from '#shared/domain/fault.ts'
import { keepRequester, type NewRequester } from '../people/requesters.ts'
import type { TicketCase } from '../pipeline/changes.ts'
import type { Rules } from '../pipeline/keep.ts'
import { loadSubjects } from '../pipeline/load.ts'
import type { Tx } from '../store/store.ts'
import { nextTicketNumber } from '../ticket/numbers.ts'
import type { Person } from './desk.ts'
import { fingerprintOf, type Request, requested } from './requests.ts'

export interface Opening extends Omit<Request, 'person' | 'isTheirs'> {
  organisationId: string
  endpointId?: string
  /** Who of the customer asks. */
  requester?: Omit<NewRequester, 'organisationId'>
  /** Who opens it; absent: the requester, by themselves. */
  person?: Person
  /** Of a requester’s own asking: what a person brings along. */
  record?: Person['record']
}

export async function openTicket(tx: Tx, opening: Opening, rules: Rules, now: number): Promise<TicketCase> {
  const { organisationId, endpointId = null } = opening
  const from = { endpoint_id: endpointId, organisation_id: organisationId }
  const about = (await loadSubjects(tx, [from])).of(from)
  if (about?.organisation.id !== organisationId) throw new Fault('subject-unknown', 'This organisation has no such machine.')
  const requester = opening.requester ? await keepRequester(tx, { ...opening.requester, organisationId }, now) : null
  const person = opening.person ?? requester
  if (!person) throw new Fault('requester-missing', 'Say who asks.')
  const request = { ...opening, person, isTheirs: opening.person === undefined }
  return requested(request, { ...about, requester }, { id: randomUUIDv7(), number: await nextTicketNumber(tx) }, rules, now)
}

/** The ticket that was opened by this key, where one was. */
export async function openedBefore(tx: Tx, { organisationId, key }: Opening): Promise<string | undefined> {
  if (key === undefined) return undefined
  const found = tx.selectFrom('tickets').select('id').where('endpoint_id', 'is', null).where('fingerprint', '=', fingerprintOf(key))
  return (await found.where('organisation_id', '=', organisationId).executeTakeFirst())?.id
}
