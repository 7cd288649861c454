import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Packet } from '#shared/domain/packet.ts'
import type { HopReason } from '#shared/domain/ticket.ts'
import { hours, minutes } from '#shared/domain/time.ts'
import type { TicketsTable } from '../../../server/store/tables/ticket.ts'
import { type DeskRoom, openDeskRoom } from '../../support/desk-room.ts'

const person = { id: 'person-1', name: 'Ada' }
let room: DeskRoom
beforeEach(async () => {
  room = await openDeskRoom()
})
afterEach(() => room.close())

const only = (): Promise<TicketsTable> => room.store.db.selectFrom('tickets').selectAll().executeTakeFirstOrThrow()
const act = async () => {
  const { id, version } = await only()
  return { ticketId: id, version, person }
}
const escalate = async (reason: HopReason, more: { tried?: string; to?: string; hypothesis?: string; mayLeaveSecurity?: boolean } = {}) =>
  room.desk.escalate({ ...(await act()), reason, tried: '', hypothesis: '', mayLeaveSecurity: false, ...more })
const hops = async () => {
  const rows = await room.store.db.selectFrom('timeline').select(['kind', 'body', 'actor']).orderBy('at').orderBy('id').execute()
  return rows.flatMap(({ kind, body, actor }) => (kind === 'escalated' ? [{ actor, ...(JSON.parse(body) as Hopped) }] : []))
}
interface Hopped {
  reason: string
  toTeam: string
  packet: Packet
}
const hire = async (id: string, teams: string[], isAdmin = 0) =>
  room.store.db
    .insertInto('people')
    .values({
      ...{ id, name: id, login: id, password_hash: '', teams: JSON.stringify(teams), is_admin: isAdmin as 0 | 1 },
      ...{ organisation_id: null, created_at: 1, disabled_at: null },
    })
    .execute()

describe('a person who escalates', () => {
  it('says what was tried, and the next people get it with the rest', async () => {
    await room.signals({ endpointId: 'srv', summary: 'Disk /var is full', facts: { freeBytes: 5 } })
    await room.desk.acknowledge(await act())
    await room.desk.comment({ ...(await act()), text: 'Emptied /var/tmp' })
    expect(await escalate('expertise', { tried: '  ' })).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('what was tried'),
    })
    expect(await escalate('expertise', { tried: 'Emptied /var/tmp', hypothesis: 'A log runs over' })).toMatchObject({ kind: 'done' })
    expect(await only()).toMatchObject({ team: 'tier2', tier: 'tier2', status: 'new', owner_id: null, acknowledged_at: null })
    const [hop] = await hops()
    expect(hop).toMatchObject({
      ...{
        actor: 'person-1',
        reason: 'expertise',
        fromTeam: 'tier1',
        toTeam: 'tier2',
        tried: 'Emptied /var/tmp',
        hypothesis: 'A log runs over',
      },
      packet: {
        machine: { hostname: 'srv-host', role: 'server' },
        evidence: [{ summary: 'Disk /var is full', facts: { freeBytes: 5 } }],
        tried: ['Taken.', 'Emptied /var/tmp'],
      },
    })
  })

  it('ends the box of the team that had it', async () => {
    await room.signals({ endpointId: 'srv' })
    await room.desk.acknowledge(await act())
    await escalate('access', { tried: 'No rights' })
    await room.time.advance(hours(1))
    expect(await only()).toMatchObject({ team: 'tier2' })
    expect(await hops()).toHaveLength(1)
  })

  it('may name the team, and not one that has it or is none', async () => {
    await room.signals({ endpointId: 'srv' })
    expect(await escalate('expertise', { tried: 'x', to: 'nobody' })).toMatchObject({ kind: 'refused' })
    expect(await escalate('expertise', { tried: 'x', to: 'tier1' })).toMatchObject({ kind: 'refused' })
    expect(await escalate('expertise', { tried: 'x', to: 'vcio' })).toMatchObject({ kind: 'done' })
    expect(await escalate('field', { tried: 'It needs a disk' })).toMatchObject({ kind: 'done' })
    expect(await only()).toMatchObject({ tier: 'field' })
    expect(await escalate('expertise', { tried: 'x' })).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('say to which team'),
    })
  })

  it('of two who resolve and escalate at once, one wins and the other is told', async () => {
    await room.signals({ endpointId: 'srv' })
    const same = await act()
    const both = await Promise.all([
      room.desk.resolve({ ...same, resolution: 'fixed', note: '' }),
      room.desk.escalate({ ...same, reason: 'expertise', tried: 'x', hypothesis: '', mayLeaveSecurity: false }),
    ])
    expect(both).toEqual([
      { kind: 'done', version: same.version + 1 },
      { kind: 'stale', version: same.version + 1 },
    ])
    expect(await escalate('expertise', { tried: 'x' })).toEqual({ kind: 'illegal', legal: ['reopen'] })
  })
})

describe('“Security!”', () => {
  it('moves any ticket there in one step, asks for no form, raises it and asks about isolation', async () => {
    await room.signals({ endpointId: 'srv' })
    await room.desk.acknowledge(await act())
    await room.desk.wait({ ...(await act()), waitingFor: 'vendor', until: null, note: '' })
    expect(await escalate('security')).toMatchObject({ kind: 'done' })
    expect(await only()).toMatchObject({
      ...{ tier: 'security', team: 'security', priority: 'P2', status: 'new', containment: 'asked', waiting_for: null },
      // Security owes an answer of its own.
      ...{ responded_at: null, respond_by: room.time.now() + minutes(30) },
    })
    expect(await hops()).toMatchObject([{ reason: 'security', toTeam: 'security', packet: { machine: { hostname: 'srv-host' } } }])
  })

  it('and tier1 can’t take it back; security can', async () => {
    await room.signals({ kind: 'security.thing', severity: 'high' })
    const why = { tried: 'Looks harmless', to: 'tier1' }
    expect(await escalate('expertise', why)).toMatchObject({ kind: 'refused', reason: expect.stringContaining('stays with security') })
    expect(await escalate('security')).toMatchObject({ kind: 'refused' })
    expect(await escalate('expertise', { ...why, mayLeaveSecurity: true })).toMatchObject({ kind: 'done' })
    expect(await only()).toMatchObject({ tier: 'tier1' })
  })
})

describe('the end of a time-box', () => {
  const taken = async () => {
    await room.signals({ endpointId: 'srv' })
    await room.desk.acknowledge(await act())
    await room.time.advance(minutes(15))
  }

  it('moves it, with what the machine can tell', async () => {
    await hire('ada', ['tier1'])
    await hire('bob', ['tier2'])
    await taken()
    expect(await only()).toMatchObject({ team: 'tier2' })
    expect(await hops()).toMatchObject([
      { actor: 'system', reason: 'time-box', packet: { tried: ['Taken.'], evidence: [{ kind: 'health.disk.full' }] } },
    ])
  })

  it.each([
    ['one person in every team', [['ada', ['tier1', 'tier2', 'tier3']]]],
    ['an empty team that passes to the same one', [['ada', ['tier1', 'tier3']]]],
  ] as const)('is a reminder and no hop with %s', async (_name, people) => {
    for (const [id, teams] of people) await hire(id, [...teams])
    await taken()
    expect(await only()).toMatchObject({ team: 'tier1', status: 'acknowledged' })
    expect(await hops()).toEqual([])
    const { body } = await room.store.db.selectFrom('timeline').select('body').where('kind', '=', 'reminded').executeTakeFirstOrThrow()
    expect(JSON.parse(body)).toMatchObject({ what: 'time-box', team: 'tier1', to: 'tier2' })
  })

  it('of a team that a worse signal took it from moves nothing', async () => {
    await room.signals({ endpointId: 'srv' })
    await room.desk.acknowledge(await act())
    await room.signals({ endpointId: 'srv', severity: 'high' })
    expect(await only()).toMatchObject({ team: 'tier2', status: 'new' })
    await room.time.advance(hours(1))
    expect(await only()).toMatchObject({ team: 'tier2' })
  })
})
