import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Role } from '#shared/domain/endpoint.ts'
import { requestCommands, type Wanted } from '../../../server/command/command.ts'
import { changeOrganisation } from '../../../server/people/organisations.ts'
import { type DeskRoom, openDeskRoom } from '../../support/desk-room.ts'

/* Scripts that waited for a switch go out some machines at a time, so that an isolation is signed in between. */
const ids = Array.from({ length: 120 }, (_, index) => `pc-${String(index).padStart(3, '0')}`)
const script = { script: 'true', sha256: 'b5bea41b6c623f7c09f1bf24dcae58ebab3c0cdd90ad966bc43a45b44867e12b' }

let room: DeskRoom
beforeEach(async () => {
  room = await openDeskRoom({ roles: Object.fromEntries(ids.map((id): [string, Role] => [id, 'workstation'])) })
})
afterEach(() => room.close())

async function request(wanted: Partial<Wanted>[]): Promise<void> {
  const about = { organisationId: 'acme', ticketId: null, requestedBy: 'p', reason: 'r', verb: 'run-script', args: script, endpointId: '' }
  const all = wanted.map((each, at) => ({ ...about, id: `${each.verb ?? 'script'}-${each.endpointId}-${at}`, ...each }))
  const { db, capabilities } = room.store
  await db.transaction().execute((tx) => requestCommands(tx, capabilities.putRows, all, room.time.now()))
  room.dispatcher.nudge()
}

it('an isolation that is asked for meanwhile waits for a part of them only, and no other organisation’s goes out', async () => {
  const { db } = room.store
  const switchScripts = (organisationId: string, scriptsOff: boolean) =>
    changeOrganisation(db, organisationId, { scriptsOff }, room.time.now())
  await switchScripts('acme', true)
  await switchScripts('other', true)
  await request(ids.map((endpointId) => ({ endpointId, ...(endpointId === 'pc-119' && { organisationId: 'other' }) })))
  await room.dispatcher.idle()
  expect(room.sent).toEqual([])

  await switchScripts('acme', false)
  await room.dispatcher.goOn('acme')
  await request([{ verb: 'isolate-host', args: {}, endpointId: 'pc-119' }])
  await room.dispatcher.idle()
  const verbs = room.sent.map(({ order }) => order.verb)
  expect(verbs).toHaveLength(120)
  expect(verbs.indexOf('isolate-host')).toBeLessThan(110)
  expect(room.sent.some(({ endpointId, order }) => endpointId === 'pc-119' && order.verb === 'run-script')).toBe(false)
})

it('an isolation passes what was asked for before it, but never a release: what was wanted last is done last', async () => {
  const endpointId = 'pc-001'
  await request([
    { verb: 'suspend-process', args: { pid: 4_711, startTicks: 1 }, id: '1', endpointId },
    { verb: 'isolate-host', args: {}, id: '2', endpointId },
  ])
  await room.dispatcher.idle()
  expect(verbsSent()).toEqual(['isolate-host', 'suspend-process'])

  for (const [verb, id] of [
    ['release-host', 'later'],
    ['isolate-host', 'earlier'],
  ] as const) {
    await room.time.advance(1)
    await request([{ verb, args: {}, id, endpointId }])
    await room.dispatcher.idle()
  }
  room.sent.length = 0
  await room.dispatcher.connected(endpointId)
  expect(verbsSent()).toEqual(['isolate-host', 'release-host', 'isolate-host', 'suspend-process'])
})

const verbsSent = (): string[] => room.sent.map(({ order }) => order.verb)
