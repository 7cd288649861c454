import { sql } from 'kysely'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { seconds } from '#shared/domain/time.ts'
import { requestCommands, type Wanted } from '../../../server/command/command.ts'
import { type DeskRoom, openDeskRoom } from '../../support/desk-room.ts'

/* Writing down that something was sent may fail: what else the round was to do is done nevertheless, and it is tried again. */
const script = { script: 'true', sha256: 'b5bea41b6c623f7c09f1bf24dcae58ebab3c0cdd90ad966bc43a45b44867e12b' }

let room: DeskRoom
let ticketId: string
beforeEach(async () => {
  room = await openDeskRoom()
  await room.signals({ kind: 'health.disk.full', endpointId: 'srv', facts: { usedRatio: 0.99, freeBytes: 1, totalBytes: 100 } })
  ticketId = (await room.store.db.selectFrom('tickets').select('id').executeTakeFirstOrThrow()).id
})
afterEach(() => room.close())

async function request(...wanted: Pick<Wanted, 'id' | 'verb' | 'args' | 'ticketId'>[]): Promise<void> {
  const about = { organisationId: 'acme', endpointId: 'srv', requestedBy: 'p', reason: 'r' }
  const all = wanted.map((each) => ({ ...about, ...each }))
  const { db, capabilities } = room.store
  await db.transaction().execute((tx) => requestCommands(tx, capabilities.putRows, all, room.time.now()))
  room.dispatcher.nudge()
  await room.dispatcher.idle()
}
const rename = (from: string, to: string) => sql`alter table ${sql.table(from)} rename to ${sql.table(to)}`.execute(room.store.db)
const refused = async () => (await room.store.db.selectFrom('command_results').select('command_id').execute()).map((row) => row.command_id)
const status = async (id: string) =>
  (await room.store.db.selectFrom('commands').select('status').where('id', '=', id).executeTakeFirstOrThrow()).status

it.each([
  ['run-script', script, 'ping', {}],
  ['isolate-host', {}, 'suspend-process', { pid: 7, startTicks: 1 }],
] as const)(
  '%s could not be written down as sent: %s is refused all the same, and both are heard of again',
  async (verb, args, unnamed, its) => {
    room.isConnected = false
    await request({ id: 'told', verb, args, ticketId }, { id: 'unnamed', verb: unnamed, args: its, ticketId: null })
    Object.assign(room, { isConnected: true, unnamed: [unnamed] })
    await rename('timeline', 'lost')
    await expect(room.dispatcher.connected('srv')).rejects.toThrow()
    expect(new Set(await refused())).toEqual(new Set(['unnamed']))
    await rename('lost', 'timeline')
    expect(await status('told')).toBe('queued')
    await room.time.advance(seconds(1))
    await room.dispatcher.idle()
    expect(await status('told')).toBe('sent')
  },
)
