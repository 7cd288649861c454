import { afterEach, describe, expect, it } from 'vitest'
import { hours, minutes } from '#shared/domain/time.ts'
import { loadEvidence } from '../../../server/pipeline/evidence.ts'
import { keepFirstSeen, noteReleases, releaseOf } from '../../../server/suppress/ages.ts'
import { type DeskRoom, openDeskRoom } from '../../support/desk-room.ts'

const canary = { kind: 'security.ransomware.canary', severity: 'critical', state: 'happened', facts: { change: 'unreadable' } } as const
const encryption = { kind: 'security.ransomware.encryption', severity: 'critical', state: 'happened', facts: {} } as const
const person = { id: 'person-1', name: 'Ada' }

let room: DeskRoom
afterEach(() => room.close())

const open = async (workstations: number): Promise<string[]> => {
  const ids = Array.from({ length: workstations }, (_, at) => `ws-${at}`)
  room = await openDeskRoom({ roles: Object.fromEntries(ids.map((id) => [id, 'workstation' as const])) })
  return ids
}
const isolated = async (): Promise<string[]> => {
  const rows = await room.store.db.selectFrom('commands').select('endpoint_id').where('verb', '=', 'isolate-host').distinct().execute()
  return rows.map(({ endpoint_id }) => endpoint_id).sort()
}
const ticketsOf = (kind: string) => room.store.db.selectFrom('tickets').selectAll().where('kind', '=', kind).orderBy('number').execute()
const questions = async (): Promise<{ ticket: string; why?: string; otherwise: string; dueAt: number | null }[]> => {
  const rows = await room.store.db.selectFrom('timeline').select(['ticket_id', 'body']).where('kind', '=', 'containment-asked').execute()
  return rows.map(({ ticket_id, body }) => ({ ticket: ticket_id, ...JSON.parse(body) }))
}

describe('two kinds of evidence on a machine', () => {
  it('isolate up to half of its site, where one kind isolates three; then it is asked as ever', async () => {
    const ids = await open(10)
    for (const endpointId of ids) {
      await room.signals({ ...canary, endpointId }, { ...encryption, endpointId })
      await room.time.advance(1_000)
    }
    expect(await isolated()).toEqual(ids.slice(0, 5))
    await room.time.advance(minutes(4))
    expect(await isolated()).toHaveLength(10)
  })

  it('are counted when they come within ten minutes, whichever was first', async () => {
    const ids = await open(10)
    for (const endpointId of ids.slice(0, 5)) await room.signals({ ...canary, endpointId })
    expect(await isolated()).toEqual(ids.slice(0, 3))
    await room.signals({ ...encryption, endpointId: 'ws-3' })
    expect(await isolated()).toEqual(ids.slice(0, 4))
    await room.signals({ ...canary, endpointId: 'ws-5' })
    await room.time.advance(minutes(2))
    expect(await isolated()).toEqual(ids.slice(0, 4))
  })

  it('are two only where both are grave, and twice the same is one', async () => {
    const ids = await open(10)
    for (const endpointId of ids.slice(0, 3)) await room.signals({ ...canary, endpointId })
    await room.signals({ ...canary, endpointId: 'ws-3' }, { ...canary, endpointId: 'ws-3', fingerprint: 'another' })
    await room.signals({ kind: 'security.ransomware.backups-destroyed', severity: 'medium', state: 'happened', endpointId: 'ws-4' })
    await room.signals({ ...canary, endpointId: 'ws-4' })
    expect(await isolated()).toEqual(ids.slice(0, 3))
  })
})

describe('beyond the fleet’s limit', () => {
  /** Twenty machines of another customer, a minute ago. */
  async function reached(): Promise<void> {
    const { db } = room.store
    const at = room.time.now() - minutes(1)
    const fixed = { platform: 'linux', confirmed_role: null, removed_at: null, site_id: null, hostname: 'x', enrolled_at: at } as const
    const done = { verb: 'isolate-host', args: '{}', risk: 'protective', status: 'succeeded', requested_by: 'system', reason: 'x' } as const
    const never = { jws: null, payload: null, signatures: null, sent_at: null, delivered_at: null, running_at: null, settled_at: null }
    for (let machine = 0; machine < 20; machine += 1) {
      const endpoint_id = `other-${machine}`
      await db
        .insertInto('endpoints')
        .values({ ...fixed, id: endpoint_id, organisation_id: 'other' })
        .execute()
      const times = { requested_at: at, expires_at: at + hours(1), result: null, resolution: null, ticket_id: null }
      await db
        .insertInto('commands')
        .values({ ...done, ...never, ...times, id: `c-${machine}`, organisation_id: 'other', endpoint_id })
        .execute()
    }
  }
  const ours = async (): Promise<string[]> => (await isolated()).filter((id) => id.startsWith('ws-'))

  it('two kinds isolate a workstation when nobody answers for five minutes; one kind leaves it', async () => {
    await open(4)
    await reached()
    await room.signals({ ...canary, endpointId: 'ws-0' }, { ...encryption, endpointId: 'ws-0' })
    await room.signals({ ...canary, endpointId: 'ws-1' })
    await room.time.advance(minutes(5) - 1)
    expect(await ours()).toEqual([])
    await room.time.advance(minutes(10))
    expect(await ours()).toEqual(['ws-0'])
    expect(await questions()).toContainEqual(
      expect.objectContaining({ otherwise: 'leave', why: expect.stringContaining('twenty machines') }),
    )
  })

  it('one question of the provider’s is asked for all, and security and admins are called', async () => {
    await open(4)
    await reached()
    for (const endpointId of ['ws-0', 'ws-1', 'ws-2']) await room.signals({ ...canary, endpointId })
    const [question, ...others] = await ticketsOf('security.containment.held')
    expect(others).toEqual([])
    expect(question).toMatchObject({ priority: 'P1', team: 'security', containment: 'asked', endpoint_id: null })
    const ticketId = question?.id ?? ''
    expect((await questions()).filter(({ ticket }) => ticket === ticketId)).toHaveLength(1)

    await room.desk.isolate({ ticketId, version: question?.version ?? 0, person, reason: 'it is one attack' })
    expect(await ours()).toEqual(['ws-0', 'ws-1', 'ws-2'])
  })

  it('the question stands with the provider whoever is held, and a person of one organisation answers for that alone', async () => {
    await open(1)
    await reached()
    const { db } = room.store
    const fixed = { platform: 'linux', confirmed_role: null, removed_at: null, site_id: null, hostname: 'x', enrolled_at: 1 } as const
    await db
      .insertInto('endpoints')
      .values({ ...fixed, id: 'theirs', organisation_id: 'other' })
      .execute()
    await db
      .insertInto('inventories')
      .values({ endpoint_id: 'theirs', at: 1, role: 'workstation', agent_version: '1', body: '{}' })
      .execute()
    await room.signals({ ...canary, endpointId: 'theirs', organisationId: 'other' })
    await room.signals({ ...canary, endpointId: 'ws-0' })
    const [question] = await ticketsOf('security.containment.held')
    expect(question?.organisation_id).toBe('acme')

    const known = { id: person.id, login: 'ada', name: 'Ada', password_hash: '', teams: '[]', is_admin: 0, wip_limit: null } as const
    await db
      .insertInto('people')
      .values({ ...known, organisation_id: 'acme', created_at: 1, disabled_at: null })
      .execute()
    const act = { ticketId: question?.id ?? '', version: question?.version ?? 0, person, reason: 'ours' }
    expect(await room.desk.isolate(act)).toMatchObject({ kind: 'done' })
    expect([await ours(), (await isolated()).includes('theirs')]).toEqual([['ws-0'], false])
  })

  it('that question is asked again for what comes after its answer, and is only about what is held', async () => {
    await open(4)
    await room.signals({ kind: 'security.user.reported', severity: 'high', state: 'happened', endpointId: 'ws-3' })
    await reached()
    await room.signals({ ...canary, endpointId: 'ws-0' })
    const [first] = await ticketsOf('security.containment.held')
    await room.desk.leave({ ticketId: first?.id ?? '', version: first?.version ?? 0, person, reason: 'not these' })
    expect(await ticketsOf('security.ransomware.canary')).toMatchObject([{ containment: 'answered' }])
    expect(await ticketsOf('security.user.reported')).toMatchObject([{ containment: 'asked' }])

    await room.signals({ ...canary, endpointId: 'ws-1' })
    expect(await ticketsOf('security.containment.held')).toMatchObject([{ containment: 'asked' }])
  })
})

describe('what is younger than a day on this fleet', () => {
  const runs = async (version: string, ownVersion = '1.0.0'): Promise<void> => {
    const now = room.time.now()
    const presence = {
      endpoint_id: 'ws-0',
      is_connected: 1,
      changed_at: now,
      last_heard_at: now,
      goodbye: null,
      agent_version: version,
    } as const
    await room.store.db.insertInto('presences').values(presence).execute()
    await room.store.db.transaction().execute((tx) => noteReleases(room.store.capabilities.putRows, ownVersion)(tx, [presence], now))
  }

  it('is what a new release of the agent brings: it asks and says why, and isolates a day later', async () => {
    await open(1)
    await runs('9.9.9')
    await room.signals({ ...canary, endpointId: 'ws-0' })
    expect(await questions()).toMatchObject([{ otherwise: 'leave', dueAt: null, why: expect.stringContaining('less than 24 hours') }])
    await room.time.advance(hours(24))
    expect(await isolated()).toEqual([])
    await room.signals({ ...canary, endpointId: 'ws-0' })
    expect(await isolated()).toEqual(['ws-0'])
  })

  it('is not what came with the collector’s own release', async () => {
    await open(1)
    await runs('9.9.9', '9.9.9')
    await room.signals({ ...canary, endpointId: 'ws-0' })
    expect(await isolated()).toEqual(['ws-0'])
    expect(await room.store.db.selectFrom('detector_ages').select('name').execute()).toEqual([{ name: releaseOf('9.9.9') }])
  })

  it('is a rule that nobody has armed, and one that fitted here first an hour ago', async () => {
    await open(1)
    const now = room.time.now()
    const rule = (armed: boolean) => ({ endpoint_id: 'ws-0', kind: 'security.sigma.a-rule', facts: JSON.stringify({ armed }) })
    const isYoung = async (armed: boolean, at: number) => (await loadEvidence(room.store.db, [rule(armed)], at)).isYoung(rule(armed))
    const { firstSeen } = await loadEvidence(room.store.db, [rule(true)], now)
    expect(firstSeen).toEqual([{ name: 'security.sigma.a-rule', endpointId: 'ws-0' }])
    await room.store.db.transaction().execute((tx) => keepFirstSeen(tx, room.store.capabilities.putRows, firstSeen, now))
    expect([await isYoung(true, now + hours(1)), await isYoung(true, now + hours(24)), await isYoung(false, now + hours(48))]).toEqual([
      true,
      false,
      true,
    ])
    expect((await loadEvidence(room.store.db, [rule(true)], now + 1)).firstSeen).toEqual([])
  })

  it('is remembered of every machine, however many names another invents', async () => {
    await open(2)
    const keep = (seen: { name: string; endpointId: string }[]) =>
      room.store.db.transaction().execute((tx) => keepFirstSeen(tx, room.store.capabilities.putRows, seen, 1))
    for (let batch = 0; batch < 3; batch += 1)
      await keep(Array.from({ length: 5_000 }, (_, nth) => ({ name: `release ${batch}.${nth}`, endpointId: 'ws-0' })))
    await keep([{ name: 'security.sigma.a-rule', endpointId: 'ws-1' }])
    const names = (await room.store.db.selectFrom('detector_ages').select('name').execute()).map(({ name }) => name)
    expect([names.length, names.includes('security.sigma.a-rule')]).toEqual([301, true])
  })
})
