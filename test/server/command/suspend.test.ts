import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { hours, minutes } from '#shared/domain/time.ts'
import { type DeskRoom, openDeskRoom } from '../../support/desk-room.ts'

const accused = { pid: 4711, startTicks: 90_000, processSha256: 'a'.repeat(64) }
const unreadable = {
  ...({ kind: 'security.ransomware.canary', severity: 'critical', state: 'happened' } as const),
  facts: { change: 'unreadable', ...accused },
}
const person = { id: 'ann', name: 'Ann' }

let room: DeskRoom
beforeEach(async () => {
  room = await openDeskRoom()
})
afterEach(() => room.close())

const commands = async (verb: string) =>
  (await room.store.db.selectFrom('commands').selectAll().where('verb', '=', verb).orderBy('id').execute()).map(
    ({ endpoint_id, args, status, requested_by }) => ({ endpoint_id, args: JSON.parse(args) as unknown, status, requested_by }),
  )
const named = { pid: accused.pid, startTicks: accused.startTicks }
const tickets = () => room.store.db.selectFrom('tickets').selectAll().orderBy('number').execute()
const act = async () => {
  const [ticket] = await tickets()
  return { ticketId: ticket?.id ?? '', version: ticket?.version ?? 0, person, reason: 'They zip their folder every night' }
}

describe('the process that an agent accuses', () => {
  it.each(['ws', 'srv', 'core'])('is halted at once, whatever containment asks: %s', async (endpointId) => {
    await room.signals({ ...unreadable, endpointId })
    expect(await commands('suspend-process')).toEqual([{ endpoint_id: endpointId, args: named, status: 'sent', requested_by: 'system' }])
    expect(await commands('isolate-host')).toHaveLength(endpointId === 'ws' ? 1 : 0)
    const said = await room.store.db.selectFrom('timeline').select('body').where('kind', '=', 'command-requested').execute()
    expect(said.map(({ body }) => (JSON.parse(body) as { verb: string }).verb)).toContain('suspend-process')
  })

  it('is halted once, and another one as well', async () => {
    await room.signals(unreadable, unreadable)
    await room.signals(unreadable, { ...unreadable, facts: { ...unreadable.facts, pid: 4712 } })
    expect((await commands('suspend-process')).map(({ args }) => args)).toEqual([named, { ...named, pid: 4712 }])
  })

  it.each([
    ['the route doesn’t say so', { facts: { change: 'edited', ...accused } }],
    ['the agent has halted it already', { facts: { ...unreadable.facts, suspended: true } }],
    ['nobody knows which it was', { facts: { change: 'unreadable', process: 'unknown' } }],
    ['it isn’t its agent who says so', { origin: 'collector' as const }],
    ['it happened long before', { ageMs: minutes(11) }],
  ])('is left alone where %s', async (_why, more) => {
    await room.signals({ ...unreadable, ...more })
    expect(await commands('suspend-process')).toEqual([])
  })

  it('is left alone while the organisation observes, and while the stop button holds', async () => {
    const { db } = room.store
    await db.updateTable('organisations').set({ mode: 'observe' }).execute()
    await room.signals(unreadable)
    await db
      .updateTable('organisations')
      .set({ mode: 'live', stopped_until: room.time.now() + hours(4) })
      .execute()
    await room.signals({ ...unreadable, endpointId: 'srv' })
    expect(await commands('suspend-process')).toEqual([])
    expect((await tickets()).map(({ containment }) => containment)).toEqual(['asked', 'asked'])
  })

  it('is left alone by a detector that was wrong too often', async () => {
    const arming = { detector: 'test', kind: unreadable.kind, rule: 'canary-unreadable' }
    const row = { id: 'd', ...arming, disarmed_at: room.time.now(), armed_at: null, armed_by: null }
    await room.store.db.insertInto('disarmed_detectors').values(row).execute()
    await room.signals(unreadable)
    expect(await commands('suspend-process')).toEqual([])
  })

  it('needs no operator where operators are named, as the agent accused it', async () => {
    room.register = { operators: [], issuedAt: room.time.now() }
    await room.signals({ ...unreadable, endpointId: 'core' })
    expect(await commands('suspend-process')).toMatchObject([{ status: 'sent' }])
  })
})

describe('a false alarm', () => {
  it('lets the machine and the process go, excepts the program there, and ends the ticket and its task, in one step', async () => {
    await room.signals(unreadable)
    expect(await room.desk.falseAlarm(await act())).toMatchObject({ kind: 'done' })
    await room.dispatcher.idle()
    expect(await commands('release-host')).toMatchObject([{ requested_by: 'ann' }])
    expect(await commands('resume-process')).toMatchObject([{ args: named, requested_by: 'system' }])
    expect(await tickets()).toMatchObject([{ status: 'resolved', resolution: 'false-alarm', halted: null }])
    const exceptions = await room.store.db.selectFrom('noise_exceptions').selectAll().execute()
    expect(exceptions).toMatchObject([{ scope: 'endpoint', scope_value: 'ws', process_sha256: accused.processSha256 }])
    expect((exceptions[0]?.until_at ?? 0) - room.time.now()).toBe(hours(24 * 30))
    await room.time.advance(minutes(1))
    await room.signals(unreadable)
    expect(await tickets()).toMatchObject([{ status: 'resolved' }])
  })

  it('ends what tells of the same program under another name as well, whichever of them cut the machine off', async () => {
    const encrypts = { kind: 'security.ransomware.encryption', severity: 'critical', state: 'happened', fingerprint: 'e' } as const
    const another = { ...accused, pid: 4712, processSha256: 'b'.repeat(64) }
    await room.signals(unreadable)
    await room.signals({ ...encrypts, facts: accused }, { ...encrypts, fingerprint: 'f', facts: another })
    const about = (kind: string, nth = 0) => tickets().then((all) => all.filter((ticket) => ticket.kind === kind)[nth])
    const encryption = await about('security.ransomware.encryption')
    const word = { person, reason: 'They encrypt their archive' }
    expect(await room.desk.falseAlarm({ ticketId: encryption?.id ?? '', version: encryption?.version ?? 0, ...word })).toMatchObject({
      kind: 'done',
    })
    await room.dispatcher.idle()
    expect(await commands('release-host')).toMatchObject([{ requested_by: 'ann' }])
    expect(await commands('resume-process')).toMatchObject([{ args: named }, { args: named }])
    expect(await about('security.ransomware.canary')).toMatchObject({ status: 'resolved', resolution: 'false-alarm', halted: null })
    expect(await about('security.ransomware.encryption', 1)).toMatchObject({ status: 'new' })

    const before = (await tickets()).length
    await room.signals({ ...unreadable, fingerprint: 'later' }, { ...encrypts, fingerprint: 'later', facts: accused })
    expect(await tickets()).toHaveLength(before)
    await room.signals({ kind: 'security.persistence.new', severity: 'high', state: 'happened', fingerprint: 'p', facts: accused })
    expect((await tickets()).length).toBe(before + 1)
  })

  it('of another ticket leaves the machine cut off, and its own ticket lets it go', async () => {
    await room.signals(unreadable)
    await room.signals({ kind: 'security.other', severity: 'high', state: 'happened', fingerprint: 'another', endpointId: 'ws' })
    const [own, other] = await tickets()
    const word = { person, reason: 'That was us' }
    expect(await room.desk.falseAlarm({ ticketId: other?.id ?? '', version: other?.version ?? 0, ...word })).toMatchObject({ kind: 'done' })
    expect(await commands('release-host')).toEqual([])
    expect(await room.desk.falseAlarm({ ticketId: own?.id ?? '', version: own?.version ?? 0, ...word })).toMatchObject({ kind: 'done' })
    expect(await commands('release-host')).toHaveLength(1)
  })

  it('resumes what the agent halted by itself, where nobody was cut off', async () => {
    await room.signals({ ...unreadable, endpointId: 'core', facts: { ...unreadable.facts, suspended: true } })
    expect(await room.desk.falseAlarm(await act())).toMatchObject({ kind: 'done' })
    expect(await commands('release-host')).toEqual([])
    expect(await commands('resume-process')).toMatchObject([{ endpoint_id: 'core', args: named }])
  })

  it('counts: three in seven days disarm what found it, and it halts nothing more', async () => {
    for (const pid of [1001, 1002, 1003]) {
      const hash = String(pid).padStart(64, '0')
      await room.signals({ ...unreadable, fingerprint: `f${pid}`, facts: { ...unreadable.facts, pid, processSha256: hash } })
      const last = (await tickets()).find(({ status }) => status !== 'resolved')
      const said = { ticketId: last?.id ?? '', version: last?.version ?? 0, person, reason: 'no' }
      expect(await room.desk.falseAlarm(said)).toMatchObject({ kind: 'done' })
    }
    await room.signals({ ...unreadable, endpointId: 'srv', facts: { ...unreadable.facts, pid: 1004 } })
    expect(await commands('suspend-process')).toHaveLength(3)
  })
})
