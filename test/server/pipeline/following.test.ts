import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { minutes } from '#shared/domain/time.ts'
import { type DeskRoom, openDeskRoom } from '../../support/desk-room.ts'

let room: DeskRoom
beforeEach(async () => {
  room = await openDeskRoom({ roles: { ws: 'workstation', ws2: 'workstation', srv: 'server', core: 'core' } })
  const { db } = room.store
  await db.insertInto('sites').values({ id: 'site-2', organisation_id: 'acme', name: 'Bonn', time_zone: null, created_at: 0 }).execute()
  await db.insertInto('detector_ages').values({ name: 'release 1', first_seen_at: 0, endpoint_id: '' }).execute()
  for (const [id, address] of Object.entries({ ws: '10.0.0.7', ws2: '10.0.0.8', srv: '10.0.0.2', core: '10.0.0.1' }))
    await stands(id, address)
})
afterEach(() => room.close())

async function stands(id: string, address: string): Promise<void> {
  await putPlace(id, address)
  const at = room.time.now()
  const row = { endpoint_id: id, is_connected: 1 as const, changed_at: at, last_heard_at: at, goodbye: null, agent_version: '1' }
  await room.store.db.insertInto('presences').values(row).execute()
}

const putPlace = (id: string, address: string) =>
  room.store.db
    .updateTable('inventories')
    .set({ places: JSON.stringify([{ address, mac: '02:00:00:00:00:01' }]) })
    .where('endpoint_id', '=', id)
    .execute()
const moved = (id: string, place: object) => room.store.db.updateTable('endpoints').set(place).where('id', '=', id).execute()
const gone = (id: string) => room.store.db.updateTable('presences').set({ is_connected: 0 }).where('endpoint_id', '=', id).execute()

const tickets = () =>
  room.store.db
    .selectFrom('tickets')
    .select(['kind', 'endpoint_id', 'priority', 'team', 'containment', 'rule', 'severity', 'title'])
    .orderBy('number')
    .execute()
const ticketOf = async (kind: string) => (await tickets()).find((ticket) => ticket.kind === kind)
const guessing = (source: string, endpointId = 'srv', severity: 'high' | 'medium' = 'high') =>
  ({ kind: 'security.logon.bruteforce', severity, state: 'happened', endpointId, facts: { source } }) as const

describe('passwords that are tried from a machine of ours', () => {
  it('are a question about that machine, and never about the one that is knocked at', async () => {
    await room.signals(guessing('10.0.0.7'))
    expect(await ticketOf('security.logon.bruteforce')).toMatchObject({ endpoint_id: 'srv', priority: 'P2', containment: 'none' })
    const asked = await ticketOf('security.logon.from-here')
    expect(asked).toMatchObject({ endpoint_id: 'ws', priority: 'P2', team: 'security', containment: 'asked' })
    expect(asked?.title).toContain('srv-host says so of its address 10.0.0.7')
    await room.signals(guessing('10.0.0.7'))
    expect(await tickets()).toHaveLength(2)
  })

  it.each([
    ['an address that no machine of ours has', '10.9.9.9', () => undefined],
    ['its own', '10.0.0.2', () => undefined],
    ['no address', '%"address":"%', () => undefined],
    ['an address that two have', '10.0.0.7', () => putPlace('ws2', '10.0.0.7')],
    ['an address at another site', '10.0.0.7', () => moved('ws', { site_id: 'site-2' })],
    ['another organisation’s', '10.0.0.7', () => moved('ws', { organisation_id: 'other', site_id: null })],
    ['a machine that is not there now', '10.0.0.7', () => gone('ws')],
  ])('accuse nobody by %s', async (_, address, prepare) => {
    await prepare()
    await room.signals(guessing(address))
    expect((await tickets()).map(({ kind }) => kind)).toEqual(['security.logon.bruteforce'])
  })

  it('accuse nobody by news that is old when it arrives', async () => {
    await room.signals({ ...guessing('10.0.0.7'), ageMs: minutes(11) })
    expect(await ticketOf('security.logon.from-here')).toBeUndefined()
  })
})

describe('files that a client encrypts through a share', () => {
  const encrypted = { kind: 'security.ransomware.encryption', severity: 'critical', state: 'happened', endpointId: 'srv' } as const
  const facts = { throughShare: true, clientAddress: '10.0.0.7' }

  it('cut off the client unless somebody says no within three minutes, and never the server', async () => {
    await room.signals({ ...encrypted, facts })
    expect(await ticketOf('security.ransomware.encryption')).toMatchObject({ priority: 'P1', containment: 'none' })
    expect(await ticketOf('security.ransomware.through-share')).toMatchObject({ endpoint_id: 'ws', priority: 'P1', containment: 'asked' })
    await room.time.advance(minutes(3))
    await expect.poll(async () => (await ticketOf('security.ransomware.through-share'))?.containment).toBe('auto')
    expect(await room.store.db.selectFrom('commands').select(['endpoint_id', 'verb']).execute()).toEqual([
      { endpoint_id: 'ws', verb: 'isolate-host' },
    ])
  })

  it('by a core machine wait for a person without end', async () => {
    await room.signals({ ...encrypted, facts: { ...facts, clientAddress: '10.0.0.1' } })
    await room.time.advance(minutes(10))
    expect(await ticketOf('security.ransomware.through-share')).toMatchObject({ endpoint_id: 'core', containment: 'asked' })
  })
})

describe('one source at several machines of an organisation', () => {
  it('is security’s from the third on, once for each machine more', async () => {
    await room.signals(
      guessing('203.0.113.5', 'ws', 'medium'),
      guessing('203.0.113.5', 'srv', 'medium'),
      guessing('203.0.113.6', 'core', 'medium'),
    )
    expect(await ticketOf('security.logon.spray')).toBeUndefined()
    await room.signals(guessing('203.0.113.5', 'core', 'medium'))
    expect(await ticketOf('security.logon.spray')).toMatchObject({
      endpoint_id: null,
      priority: 'P2',
      team: 'security',
      containment: 'none',
    })
    const said = () => room.store.db.selectFrom('signals').select('id').where('kind', '=', 'security.logon.spray').execute()
    await room.signals(guessing('203.0.113.5', 'core', 'medium'))
    expect(await said()).toHaveLength(1)
    await room.signals(guessing('203.0.113.5', 'ws2', 'medium'))
    expect(await said()).toHaveLength(2)
  })

  it('is forgotten after ten minutes', async () => {
    await room.signals(guessing('203.0.113.5', 'ws', 'medium'), guessing('203.0.113.5', 'srv', 'medium'))
    await room.time.advance(minutes(11))
    await room.signals(guessing('203.0.113.5', 'core', 'medium'))
    expect(await ticketOf('security.logon.spray')).toBeUndefined()
  })
})

describe('a defence that is off', () => {
  const off = {
    kind: 'security.defence.down',
    severity: 'medium',
    endpointId: 'ws',
    fingerprint: 'defence.down:ufw',
    summary: 'ufw is off',
  } as const
  const other = { kind: 'security.persistence.dangerous', severity: 'high', state: 'happened', endpointId: 'ws' } as const
  const defence = () => ticketOf('security.defence.down')

  it.each([
    ['after', [off, other]],
    ['before', [other, off]],
  ] as const)('is critical with another mark of an attack %s it', async (_, [first, second]) => {
    await room.signals(first)
    await room.time.advance(minutes(9))
    await room.signals(second)
    await expect.poll(defence).toMatchObject({ priority: 'P1', team: 'security', severity: 'critical', rule: 'security-critical' })
    expect(await tickets()).toHaveLength(2)
  })

  it('is what it was with one that came later, on another machine, or that only is new', async () => {
    await room.signals(off, { ...other, endpointId: 'srv' }, { ...other, kind: 'security.logon.unusual', severity: 'info' })
    await room.time.advance(minutes(11))
    await room.signals(other)
    expect(await defence()).toMatchObject({ priority: 'P3', team: 'tier2' })
  })
})
