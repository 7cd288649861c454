import { createHash } from 'node:crypto'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { minutes, seconds } from '#shared/domain/time.ts'
import { createAudit } from '../../../server/audit/audit.ts'
import { requestCommands } from '../../../server/command/command.ts'
import { createHeld, holdCommands } from '../../../server/desk/held.ts'
import { createTurns } from '../../../server/pipeline/turns.ts'
import { readHistory } from '../../../server/rehearsal/history.ts'
import { playAgain } from '../../../server/rehearsal/play-again.ts'
import { keepEntries } from '../../../server/ticket/ticket.ts'
import { type DeskRoom, openDeskRoom } from '../../support/desk-room.ts'
import { hire } from '../../support/staff.ts'

/* What people did to machines, played again: it is the ticket's story byte for byte. */

let room: DeskRoom
const eve = { id: 'eve', name: 'eve' }
beforeEach(async () => {
  room = await openDeskRoom({
    startsAt: '2026-11-23T09:00:00+01:00',
    roles: { ws: 'workstation', srv: 'server', s2: 'server', s3: 'server', s4: 'server', s5: 'server', s6: 'server' },
  })
  await hire(room, 'eve', { teams: '["security"]', is_admin: 1, ways: ['http://127.0.0.1:9/eve'] })
})
afterEach(() => room.close())

const unreadable = {
  ...({ kind: 'security.ransomware.canary', severity: 'critical', state: 'happened', endpointId: 'ws' } as const),
  facts: { change: 'unreadable', pid: 4711, startTicks: 5, processSha256: 'a'.repeat(64) },
}
const tickets = () => room.store.db.selectFrom('tickets').selectAll().orderBy('number').execute()
const act = async () => {
  const [ticket] = await tickets()
  return { ticketId: ticket?.id ?? '', version: ticket?.version ?? 0, person: eve }
}
const done = async (outcome: Promise<{ kind: string }>): Promise<void> => {
  expect(await outcome).toMatchObject({ kind: 'done' })
  await room.time.advance(seconds(1))
}
const differences = async () => {
  const { differing, tickets: count } = playAgain(await readHistory(room.store.reader))
  expect(count).toBeGreaterThan(0)
  return differing.flatMap((each) => each.differences)
}

it('a false alarm of a machine that was cut off and whose process was halted', async () => {
  await room.signals(unreadable)
  await room.time.advance(seconds(1))
  await done(room.desk.falseAlarm({ ...(await act()), reason: 'They zip their folder' }))
  expect((await tickets())[0]).toMatchObject({ resolution: 'false-alarm', halted: null })
  expect(await differences()).toEqual([])
})

it('a false alarm where nobody was cut off', async () => {
  await room.signals({ ...unreadable, endpointId: 'srv', facts: { ...unreadable.facts, suspended: true } })
  await room.time.advance(seconds(1))
  await done(room.desk.falseAlarm({ ...(await act()), reason: 'A backup program' }))
  expect(await differences()).toEqual([])
})

it('a release on which two sides agreed', async () => {
  await room.signals(unreadable)
  await room.time.advance(seconds(1))
  await done(room.desk.release({ ...(await act()), side: 'customer', reason: 'We cleaned it' }))
  await done(room.desk.release({ ...(await act()), side: 'provider', reason: 'I agree' }))
  expect(await differences()).toEqual([])
})

it('what else somebody asked of the machine of a ticket', async () => {
  await room.signals({ ...unreadable, endpointId: 'srv' })
  await room.time.advance(seconds(1))
  const body = { commandId: 'one', verb: 'restart-service', reason: 'It hangs' }
  const entry = { at: room.time.now(), kind: 'command-requested' as const, actor: 'eve', body }
  const { ticketId } = await act()
  await room.store.db.transaction().execute((tx) => keepEntries(tx, room.store.capabilities.putRows, [{ ticketId, entry }]))
  await room.time.advance(minutes(10))
  expect((await tickets())[0]?.containment).not.toBe('none')
  expect(await differences()).toEqual([])
})

it('questions that nobody answered, up to the limit of a fleet', async () => {
  const isolated = ['s2', 's3', 's4', 's5', 's6'].map((endpointId) => ({ ...unreadable, endpointId, fingerprint: endpointId }))
  for (const each of isolated) {
    await room.signals(each)
    await room.time.advance(seconds(1))
  }
  await room.time.advance(minutes(6))
  expect(await differences()).toEqual([])
})

const script = { script: 'true', sha256: createHash('sha256').update('true').digest('hex') }
/** As a restore does it. */
const hold = () =>
  room.store.db
    .transaction()
    .execute((tx) => holdCommands(tx, { ...room, rules: room.matrices.rules, audit: createAudit(room) }, 0, room.time.now()))
const decide = async (verb: string, answer: 'send' | 'drop'): Promise<void> => {
  const { id } = await room.store.db.selectFrom('commands').select('id').where('verb', '=', verb).executeTakeFirstOrThrow()
  const held = createHeld({ ...room, rules: room.matrices.rules, turns: createTurns(room.store.db), afterCommit: () => undefined })
  await done(held.decide({ commandId: id, answer, person: eve }))
}

it.each(['send', 'drop'] as const)('a script that a restore held: %s', async (answer) => {
  room.isConnected = false
  await room.signals({ ...unreadable, endpointId: 'srv' })
  await room.time.advance(seconds(1))
  const [{ ticketId }, now] = [await act(), room.time.now()]
  const asked = { id: 'one', verb: 'run-script', args: script, reason: 'Look', requestedBy: 'eve' }
  const body = { commandId: 'one', verb: asked.verb, reason: asked.reason }
  await room.store.db.transaction().execute(async (tx) => {
    await requestCommands(tx, room.store.capabilities.putRows, [{ ...asked, organisationId: 'acme', endpointId: 'srv', ticketId }], now)
    const entry = { at: now, kind: 'command-requested' as const, actor: 'eve', body }
    await keepEntries(tx, room.store.capabilities.putRows, [{ ticketId, entry }])
  })
  await room.time.advance(seconds(1))
  await hold()
  await room.time.advance(seconds(1))
  await decide('run-script', answer)
  expect((await tickets())[0]?.touched_at).not.toBeNull()
  expect(await differences()).toEqual([])
})

it.each(['send', 'drop'] as const)('an isolation that a restore held, and more evidence while it waits: %s', async (answer) => {
  room.isConnected = false
  await room.signals(unreadable)
  await room.time.advance(seconds(1))
  await hold()
  await room.time.advance(seconds(1))
  await room.signals({ ...unreadable, facts: { ...unreadable.facts, pid: 4712 } })
  await room.time.advance(seconds(1))
  await decide('isolate-host', answer)
  await room.time.advance(seconds(1))
  expect(await differences()).toEqual([])
})
