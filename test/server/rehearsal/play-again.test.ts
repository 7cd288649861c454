import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { days, hours, minutes, seconds } from '#shared/domain/time.ts'
import { keepResults } from '../../../server/command/command.ts'
import { createAbsences } from '../../../server/desk/absences.ts'
import { createMaintenance } from '../../../server/due/maintenance.ts'
import { readHistory } from '../../../server/rehearsal/history.ts'
import { playAgain } from '../../../server/rehearsal/play-again.ts'
import { type DeskRoom, openDeskRoom } from '../../support/desk-room.ts'
import { hire } from '../../support/staff.ts'

vi.setConfig({ testTimeout: 60_000 })

let room: DeskRoom
const ada = { id: 'ada', name: 'ada' }
const bob = { id: 'bob', name: 'bob' }
beforeEach(async () => {
  room = await openDeskRoom({
    startsAt: '2026-11-23T09:00:00+01:00',
    roles: { ws: 'workstation', ws2: 'workstation', srv: 'server', core: 'core' },
  })
  await hire(room, 'ada', { teams: '["tier1"]', ways: ['http://127.0.0.1:9/ada'] })
  await hire(room, 'bob', { teams: '["tier2","tier3"]', skills: '["network"]', ways: ['http://127.0.0.1:9/bob'] })
  await hire(room, 'eve', { teams: '["security"]', is_admin: 1, ways: ['http://127.0.0.1:9/eve'] })
})
afterEach(() => room.close())

const disk = { kind: 'health.disk.full', endpointId: 'srv', severity: 'medium' as const, fingerprint: 'disk:/var' }
const canary = {
  kind: 'security.ransomware.canary',
  severity: 'critical' as const,
  state: 'happened' as const,
  facts: { change: 'unreadable' },
}

/** The newest ticket of a kind. */
const ticketOf = (kind: string) =>
  room.store.db.selectFrom('tickets').selectAll().where('kind', '=', kind).orderBy('number', 'desc').executeTakeFirstOrThrow()
async function on<Outcome extends { kind: string }>(kind: string, act: (of: { ticketId: string; version: number }) => Promise<Outcome>) {
  const { id, version } = await ticketOf(kind)
  expect(await act({ ticketId: id, version })).toMatchObject({ kind: 'done' })
  await room.time.advance(seconds(1))
}
async function signals(...all: Parameters<DeskRoom['signals']>) {
  await room.signals(...all)
  await room.time.advance(seconds(1))
}
const played = async () => playAgain(await readHistory(room.store.reader))

describe('recorded events, played again', () => {
  it('are decided as they were, byte for byte: signals, acts, hops, timers, waits, reopenings', async () => {
    await signals(disk, { ...disk, endpointId: 'ws' })
    await signals(disk)
    await on('health.disk.full', (of) => room.desk.acknowledge({ ...of, person: ada }))
    // Unsolved when its box is over: it goes to tier2.
    await room.time.advance(hours(1))
    await on('health.disk.full', (of) => room.desk.acknowledge({ ...of, person: bob }))
    await on('health.disk.full', (of) => room.desk.wait({ ...of, person: bob, waitingFor: 'vendor', until: null, note: 'a disk' }))
    await room.time.advance(hours(5))
    await on('health.disk.full', (of) => room.desk.resume({ ...of, person: bob, note: 'it came' }))
    await on('health.disk.full', (of) => room.desk.resolve({ ...of, person: bob, resolution: 'fixed', note: 'new disk' }))
    await signals({ ...disk, state: 'cleared' })
    await signals(disk)
    await signals({ ...disk, state: 'cleared' })
    await room.time.advance(hours(3))
    const again = await played()
    expect(again.differing.flatMap(({ differences }) => differences)).toEqual([])
    expect(again.tickets).toBe(2)
    expect(again.decisions).toBeGreaterThan(40)
  })

  it('with what people asked for, gave up, called security for, and left when they were away', async () => {
    const opening = { organisationId: 'acme', title: 'Excel hangs', text: 'since noon', person: ada }
    const requester = { name: 'Rita', mail: 'rita@acme.example', timeZone: 'Europe/Paris' }
    await room.desk.open({ ...opening, requester, urgency: 'medium', affects: 'several', endpointId: 'ws' })
    await room.time.advance(seconds(1))
    await on('request.desk', (of) => room.desk.acknowledge({ ...of, person: ada }))
    await on('request.desk', (of) => room.desk.comment({ ...of, person: ada, text: 'Restarted it.' }))
    await on('request.desk', (of) => room.desk.comment({ ...of, person: ada, text: 'Again.', isInternal: true }))
    await on('request.desk', (of) => room.desk.nameCause({ ...of, person: ada, cause: 'software', note: 'an add-in' }))
    await on('request.desk', (of) =>
      room.desk.escalate({ ...of, person: ada, reason: 'expertise', tried: 'a restart', hypothesis: 'an add-in', mayLeaveSecurity: false }),
    )
    await on('request.desk', (of) => room.desk.acknowledge({ ...of, person: bob }))
    await on('request.desk', (of) => room.desk.wait({ ...of, person: bob, waitingFor: 'customer', until: null, note: 'which add-in?' }))
    const { id } = await ticketOf('request.desk')
    expect(await room.desk.hearCustomer({ ticketId: id, person: { id: 'rita', name: 'Rita' }, text: 'the blue one' })).toMatchObject({
      kind: 'done',
    })
    await room.time.advance(seconds(1))
    await createAbsences({ store: room.store, time: room.time, timers: room.timers }).begin({
      personId: 'bob',
      from: room.time.now(),
      until: room.time.now() + days(1),
    })
    await room.time.advance(minutes(1))
    await on('request.desk', (of) =>
      room.desk.escalate({ ...of, person: ada, reason: 'security', tried: '', hypothesis: '', mayLeaveSecurity: false }),
    )
    await room.time.advance(hours(5))
    const { name, mail } = requester
    await room.desk.open({
      organisationId: 'acme',
      title: 'Word hangs',
      text: 'too',
      urgency: 'low',
      requester: { name, mail },
      key: 'mail:1',
    })
    await room.time.advance(seconds(1))
    expect((await played()).differing.flatMap(({ differences }) => differences)).toEqual([])
  })

  it('with containment: alone, asked, unanswered, answered, failed', async () => {
    await room.store.db.updateTable('endpoints').set({ site_id: null }).where('id', '=', 'core').execute()
    await signals(
      { ...canary, endpointId: 'ws' },
      { ...canary, endpointId: 'srv', fingerprint: 'canary' },
      { ...canary, endpointId: 'core' },
    )
    await room.time.advance(minutes(4))
    const [command] = await room.store.db.selectFrom('commands').selectAll().where('endpoint_id', '=', 'ws').execute()
    const result = { commandId: command?.id ?? '', outcome: 'failed' as const, detail: 'no firewall', startedAt: 0, endedAt: 0 }
    await room.store.db.transaction().execute((tx) => keepResults(tx, [{ endpointId: 'ws', result: result as never }], room.time.now()))
    room.pipeline.nudge(true)
    await room.pipeline.idle()
    await room.time.advance(seconds(1))
    const asked = await room.store.db.selectFrom('tickets').selectAll().where('endpoint_id', '=', 'core').executeTakeFirstOrThrow()
    expect(
      await room.desk.isolate({ ticketId: asked.id, version: asked.version, person: { id: 'eve', name: 'eve' }, reason: 'it spreads' }),
    ).toMatchObject({ kind: 'done' })
    await room.time.advance(minutes(20))
    await signals({ ...canary, endpointId: 'ws' }, { ...canary, endpointId: 'ws2' })
    expect((await played()).differing.flatMap(({ differences }) => differences)).toEqual([])
  })

  it('with tasks that followed, and what new machines came with', async () => {
    await room.store.db.updateTable('endpoints').set({ is_new: 1 }).where('id', '=', 'srv').execute()
    await signals(disk)
    await signals({ ...disk, fingerprint: 'disk:/home' })
    await signals({ ...canary, endpointId: 'ws' })
    const command = await room.store.db.selectFrom('commands').selectAll().where('endpoint_id', '=', 'ws').executeTakeFirstOrThrow()
    const isolation = { actual: 'isolated' as const, readiness: { isReady: true }, since: 1, proof: { collectorAnswered: true } }
    const said = { v: 1 as const, type: 'result' as const, commandId: command.id, verb: 'isolate-host', outcome: 'succeeded' as const }
    const result = { ...said, startedAt: 0, finishedAt: 0, detail: 'as asked', isolation }
    await room.store.db.transaction().execute((tx) => keepResults(tx, [{ endpointId: 'ws', result: result }], room.time.now()))
    await room.pipeline.idle()
    await room.time.advance(seconds(1))
    const eve = { id: 'eve', name: 'eve' }
    const cause = { cause: 'network', place: 'Cellar', part: 'A switch', note: 'port 7' } as const
    await on('security.ransomware.canary', (of) => room.desk.nameCause({ ...of, person: eve, ...cause }))
    await on('security.ransomware.canary', (of) => room.desk.release({ ...of, person: eve, reason: 'clean', withoutRestore: 'a test' }))
    await room.time.advance(hours(1))
    const again = await played()
    expect(again.differing.flatMap(({ differences }) => differences)).toEqual([])
    expect(again.tickets).toBeGreaterThan(3)
  })

  it('say what would have been decided otherwise, where a decision was another', async () => {
    await signals(disk)
    await on('health.disk.full', (of) => room.desk.acknowledge({ ...of, person: ada }))
    await room.store.db.updateTable('timeline').set({ body: '{"team":"tier9"}' }).where('kind', '=', 'routed').execute()
    const { differing } = await played()
    expect(differing).toHaveLength(1)
    expect(differing[0]?.differences).toMatchObject([
      { what: 'line 3', was: expect.stringContaining('tier9'), is: expect.stringContaining('"team":"tier1"') },
    ])
  })

  it('so are tickets of machines that were worked on, what waited, what was spared and what was disarmed', async () => {
    await signals(disk, { ...disk, endpointId: 'ws' })
    const maintenance = createMaintenance(room)
    const about = {
      organisationId: 'acme',
      scope: 'site' as const,
      value: 'site-1',
      name: 'Patch night',
      createdBy: 'ada',
      timeZone: 'UTC',
    }
    const repeats = { kind: 'once' as const, opensAt: room.time.now() }
    const id = await maintenance.plan({ ...about, repeats, durationMs: hours(2) })
    await room.timers.idle()
    await signals({ ...disk, fingerprint: 'disk:/waits' }, { ...disk, fingerprint: 'disk:/clears' })
    await signals({ ...disk, fingerprint: 'disk:/clears', state: 'cleared' })
    await room.time.advance(hours(1))
    await maintenance.end(id ?? '')
    await room.timers.idle()
    await room.pipeline.idle()
    await room.time.advance(minutes(20))
    const noise = { scope: 'endpoint', tag: null, what: 'same', until: null, reason: 'a lab' } as const
    await on(disk.kind, (of) => room.desk.resolve({ ...of, person: ada, resolution: 'noise', note: 'a lab', noise }))
    await signals({ ...disk, fingerprint: 'disk:/waits', state: 'cleared' })
    await signals({ ...disk, fingerprint: 'disk:/waits' })
    for (let alarm = 1; alarm <= 4; alarm += 1) {
      await signals({ ...canary, endpointId: alarm < 4 ? 'ws' : 'ws2', fingerprint: `canary:${alarm}` })
      await on(canary.kind, (of) => room.desk.resolve({ ...of, person: bob, resolution: 'false-alarm', note: 'a test' }))
      await room.pipeline.idle()
    }
    expect((await ticketOf(canary.kind)).containment).toBe('answered')
    expect((await played()).differing).toEqual([])
    expect((await played()).tickets).toBe(8)
  })
})
