import { afterEach, beforeEach, expect, it } from 'vitest'
import { minutes } from '#shared/domain/time.ts'
import { createSigning } from '../../../server/desk/signing.ts'
import { createTurns } from '../../../server/pipeline/turns.ts'
import { type DeskRoom, openDeskRoom } from '../../support/desk-room.ts'
import { operatorOf, personsKey } from '../../support/operators.ts'

/* Whoever signs reads in the order itself who asked for it: a person by name, not by a number. */
const person = { id: '019a0000-0000-7000-8000-000000000001', name: 'Ada Lovelace' }
const script = { script: 'true', sha256: 'b5bea41b6c623f7c09f1bf24dcae58ebab3c0cdd90ad966bc43a45b44867e12b' }

let room: DeskRoom
beforeEach(async () => {
  room = await openDeskRoom()
  const now = room.time.now()
  room.register = { issuedAt: now, operators: [operatorOf('Anna', await personsKey(), now)] }
  const known = { ...person, login: 'ada', password_hash: '', teams: '[]', is_admin: 0, wip_limit: null } as const
  const row = { ...known, organisation_id: null, created_at: now, disabled_at: null }
  await room.store.db.insertInto('people').values(row).execute()
  await room.time.advance(minutes(3))
})
afterEach(() => room.close())

const payloads = async (table: 'commands' | 'bulks'): Promise<string[]> => {
  const rows = await room.store.db.selectFrom(table).select('payload').where('payload', 'is not', null).execute()
  return rows.map(({ payload }) => JSON.parse(payload ?? '{}').requestedBy)
}

it('of one machine, and of many', async () => {
  const { store, time, dispatcher } = room
  const needs = { store, time, dispatcher, turns: createTurns(store.db), register: () => room.register }
  const signing = createSigning({ ...needs, sayOnTimeline: async () => undefined, afterCommit: () => dispatcher.nudge() })
  const about = { verb: 'run-script', args: script, reason: 'r', person }
  expect((await signing.ask({ ...about, endpointId: 'srv', ticketId: null })).outcome).toMatchObject({ kind: 'done' })
  await dispatcher.idle()
  expect(await payloads('commands')).toEqual(['Ada Lovelace (ada)'])

  const staged = { failPercent: 10, waitMinutes: 10, hours: 24, isAtOnce: false }
  const { outcome } = await room.bulk.ask({ ...about, ...staged, organisationId: 'acme', endpointIds: ['srv', 'ws'] })
  expect(outcome).toMatchObject({ kind: 'done' })
  await room.bulk.idle()
  expect(await payloads('bulks')).toEqual(['Ada Lovelace (ada)'])
})
