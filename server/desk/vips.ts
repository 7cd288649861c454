import { keepRequester, type NewRequester } from '../people/requesters.ts'
import type { Requester } from '../pipeline/changes.ts'
import { keepCases } from '../pipeline/keep.ts'
import { loadCases } from '../pipeline/load.ts'
import type { Tx } from '../store/store.ts'
import type { DeskOptions, Person } from './desk.ts'

/*
 * Who somebody of a customer is who asks. Whoever becomes a VIP hears sooner of what they have asked for already, from the same
 * transaction on: its next word is planned anew. Nothing here knows a priority.
 */

export type PutRequester = (wanted: NewRequester, record?: Person['record']) => Promise<PutOutcome>
export type PutOutcome = { kind: 'kept'; requester: Requester } | { kind: 'refused'; reason: string }

export const createPutRequester =
  ({ store, rules, time, turns, afterCommit }: DeskOptions): PutRequester =>
  async (wanted, record) => {
    const now = time.now()
    const done = await turns(async (tx) => {
      const technicianId = wanted.vip?.technicianId
      if (technicianId != null && !(await isStaff(tx, technicianId))) return nobody
      const requester = await keepRequester(tx, wanted, now)
      const asked = wanted.vip ? await openOf(tx, requester.id) : []
      const kept = await keepCases(tx, store.capabilities, rules, asked, now)
      await record?.(tx, requester.id)
      return { kind: 'kept' as const, requester, kept }
    })
    if (done.kind === 'refused') return done
    afterCommit(done.kept)
    return { kind: 'kept', requester: done.requester }
  }

const nobody = { kind: 'refused', reason: 'This technician is nobody of the provider who may sign in: name somebody else.' } as const

const isStaff = async (tx: Tx, id: string): Promise<boolean> =>
  (await tx
    .selectFrom('people')
    .select('id')
    .where('id', '=', id)
    .where('organisation_id', 'is', null)
    .where('disabled_at', 'is', null)
    .executeTakeFirst()) !== undefined

async function openOf(tx: Tx, requesterId: string) {
  const tickets = await tx
    .selectFrom('tickets')
    .selectAll()
    .where('requester_id', '=', requesterId)
    .where('status', '!=', 'resolved')
    .execute()
  return (await loadCases(tx, tickets)).map((work) => ({ ...work, isChanged: true }))
}
