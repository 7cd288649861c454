import pino from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { days, hours, minutes } from '#shared/domain/time.ts'
import { createMaintenance, mendMissed } from '../../../server/due/maintenance.ts'
import { startSelfCheck } from '../../../server/due/self-check.ts'
import { createTurns } from '../../../server/pipeline/turns.ts'
import type { NewWindow } from '../../../server/suppress/windows.ts'
import { type DeskRoom, openDeskRoom, putSignals } from '../../support/desk-room.ts'

/* Monday 23 November 2026, 09:00 in Berlin, is now. */
let room: DeskRoom
beforeEach(async () => {
  room = await openDeskRoom({ plan: 'round-the-clock' })
})
afterEach(() => room.close())

const window = (change: Partial<NewWindow> = {}): Promise<string> => planned(change)
async function planned(change: Partial<NewWindow>): Promise<string> {
  const about = {
    organisationId: 'acme',
    scope: 'site' as const,
    value: 'site-1',
    name: 'Patch night',
    createdBy: 'p',
    timeZone: 'Europe/Berlin',
  }
  const repeats = { kind: 'once' as const, opensAt: room.time.now() }
  const id = await createMaintenance(room).plan({ ...about, repeats, durationMs: hours(2), ...change })
  await room.timers.idle()
  return id ?? 'none'
}
const passes = async (ms: number): Promise<void> => {
  await room.time.advance(ms)
  await room.timers.idle()
  await room.pipeline.idle()
}
const tickets = () => room.store.db.selectFrom('tickets').selectAll().orderBy('number').execute()
const waiting = () => room.store.db.selectFrom('suppressed_signals').selectAll().where('ended_at', 'is', null).execute()
const endings = async () =>
  (await room.store.db.selectFrom('suppressed_signals').select('ended_as').orderBy('signal_id').execute()).map(({ ended_as }) => ended_as)
const down = { endpointId: 'srv', kind: 'health.service.down', severity: 'high', fingerprint: 'service:nginx' } as const

describe('a maintenance window that is open', () => {
  it('lets what comes from its machines wait, with the reason, and opens at its end what is still true', async () => {
    const id = await window()
    await room.signals(
      down,
      { ...down, fingerprint: 'service:cron' },
      { ...down, kind: 'health.crash', fingerprint: 'crash', state: 'happened' },
    )
    expect(await tickets()).toEqual([])
    expect(await waiting()).toHaveLength(3)
    expect(await waiting()).toEqual(
      expect.arrayContaining([expect.objectContaining({ suppressed_by: 'window', by_id: id, until_at: room.time.now() + hours(2) })]),
    )
    await passes(hours(1))
    await room.signals({ ...down, fingerprint: 'service:cron', state: 'cleared' })
    room = await room.restart()
    await passes(hours(1))
    expect(await tickets()).toMatchObject([{ fingerprint: 'service:nginx', opened_at: room.time.now(), priority: 'P2' }])
    expect(await endings()).toEqual(['decided', 'cleared', 'happened'])
    expect(await waiting()).toEqual([])
  })

  it('never holds security, what the collector says of itself, nor other machines', async () => {
    await window({ scope: 'endpoint', value: 'srv' })
    const encrypted = {
      kind: 'security.ransomware.canary',
      severity: 'critical',
      state: 'happened',
      facts: { change: 'unreadable' },
    } as const
    await room.signals(
      { ...encrypted, endpointId: 'srv' },
      { endpointId: 'srv', kind: 'system.agent.signals-lost', severity: 'high' },
      { ...down, endpointId: 'core' },
    )
    expect((await tickets()).map(({ kind }) => kind).sort()).toEqual([
      'health.service.down',
      'security.ransomware.canary',
      'system.agent.signals-lost',
    ])
    const asked = await room.store.db.selectFrom('timers').select('kind').where('kind', '=', 'ask-due').execute()
    expect(asked).toHaveLength(1)
  })

  it('is about an organisation or a tag as well, and about nobody else', async () => {
    await room.store.db.updateTable('endpoints').set({ tags: '["kiosk"]' }).where('id', '=', 'ws').execute()
    await window({ scope: 'tag', value: 'kiosk' })
    await room.signals({ endpointId: 'ws', severity: 'high' }, { endpointId: 'srv', severity: 'high' })
    expect((await tickets()).map(({ endpoint_id }) => endpoint_id)).toEqual(['srv'])
    await window({ scope: 'organisation', value: 'acme' })
    await room.signals(
      { endpointId: 'core', severity: 'high' },
      { endpointId: null, organisationId: 'other', kind: 'network.path.loss', severity: 'high' },
    )
    expect((await tickets()).map(({ organisation_id }) => organisation_id)).toEqual(['acme', 'other'])
  })

  it('can be ended now: what is still true opens at once', async () => {
    const id = await window()
    await room.signals(down)
    await passes(minutes(10))
    const maintenance = createMaintenance(room)
    expect(await maintenance.end(id)).toBe(true)
    await passes(0)
    expect(await tickets()).toMatchObject([{ fingerprint: 'service:nginx' }])
    expect(await maintenance.end(id)).toBe(false)
  })

  it('ended far behind, opens nothing that a signal which waits to be handled has ended', async () => {
    const id = await window()
    await room.signals({ ...down, fingerprint: 'service:over' }, down)
    await putSignals(room.store, [{ ...down, fingerprint: 'service:over', state: 'cleared' }], room.time.now())
    expect(await createMaintenance(room).end(id)).toBe(true)
    await passes(0)
    expect((await tickets()).map(({ fingerprint }) => fingerprint)).toEqual(['service:nginx'])
  })

  it('comes again next week, unless it is removed', async () => {
    const weekly = { repeats: { kind: 'weekly', days: ['mon'], at: '08:00' } } as const
    const id = await window(weekly)
    await room.signals(down)
    expect(await waiting()).toHaveLength(1)
    await passes(hours(2))
    const [next] = await room.store.db.selectFrom('maintenance_windows').selectAll().execute()
    expect(new Date(next?.opens_at ?? 0).toISOString()).toBe('2026-11-30T07:00:00.000Z')
    const begins = room.store.db.selectFrom('timers').select('due_at').where('kind', '=', 'window').where('fired_at', 'is', null)
    expect(await begins.execute()).toEqual([{ due_at: next?.opens_at }])
    await createMaintenance(room).remove(id)
    room.time.jump(7 * 24 * hours(1) - hours(2))
    await passes(0)
    await room.signals({ ...down, fingerprint: 'service:other' })
    expect((await tickets()).map(({ fingerprint }) => fingerprint)).toEqual(['service:nginx', 'service:other'])
  })
})

it('what waits is decided though its timers failed: the self-check finds it', async () => {
  await window({ durationMs: hours(1) })
  await room.signals(down)
  await room.store.db.updateTable('timers').set({ cancelled_at: 1 }).where('kind', 'in', ['held-over', 'window']).execute()
  await passes(hours(2))
  expect(await tickets()).toEqual([])
  const { pipeline, timers } = room
  const afterCommit = (): void => timers.replan(0)
  const check = startSelfCheck({
    ...room,
    register: () => undefined,
    rules: room.matrices.rules,
    log: pino({ level: 'silent' }),
    turns: createTurns(room.store.db),
    afterCommit,
    onRaised: () => undefined,
  })
  await check.look()
  await check.stop()
  await timers.idle()
  await pipeline.idle()
  expect(await tickets()).toHaveLength(1)
  expect((await room.store.db.selectFrom('maintenance_windows').select('removed_at').execute())[0]?.removed_at).toBe(room.time.now())
})

it('lines of the digest go on, and what ended 400 days ago is forgotten', async () => {
  await window()
  await room.signals({ endpointId: 'ws', kind: 'presence.missing', severity: 'low', state: 'happened' }, down)
  expect(await room.store.db.selectFrom('digest_lines').select('team').execute()).toHaveLength(1)
  expect(await waiting()).toHaveLength(1)
  await room.signals({ ...down, state: 'cleared' })
  const check = (now: number) => room.store.db.transaction().execute((tx) => mendMissed(tx, room.store, room.matrix, now, now))
  await check(room.time.now() + days(400))
  expect(await endings()).toEqual(['cleared'])
  await check(room.time.now() + days(400) + 1)
  expect(await endings()).toEqual([])
})

describe('a ticket that is open when a window opens', () => {
  it('waits with its clocks for the end of it, and goes on as if nobody had touched it', async () => {
    await room.signals(down)
    const [before] = await tickets()
    await passes(minutes(10))
    await window({ durationMs: hours(3) })
    expect(await tickets()).toMatchObject([{ status: 'waiting', waiting_for: 'window', touched_at: null }])
    await passes(hours(3))
    const [after] = await tickets()
    expect(after).toMatchObject({ status: 'new', waiting_for: null, touched_at: null })
    expect((after?.respond_by ?? 0) - (before?.respond_by ?? 0)).toBe(hours(3))
    await room.signals({ ...down, state: 'cleared' })
    await passes(minutes(11))
    expect(await tickets()).toMatchObject([{ status: 'resolved', resolution: 'cleared' }])
  })

  it('that somebody was given and has not seen is not acknowledged by a window', async () => {
    await room.signals(down)
    await room.store.db.updateTable('tickets').set({ owner_id: 'ann' }).execute()
    await window({ durationMs: hours(1) })
    await passes(hours(1))
    expect(await tickets()).toMatchObject([{ status: 'new', owner_id: 'ann', acknowledged_at: null }])
  })

  it('goes on at once when the window is ended, and security never waits', async () => {
    await room.signals(down, { endpointId: 'srv', kind: 'security.other', severity: 'high', state: 'happened' })
    const id = await window()
    await passes(minutes(1))
    expect((await tickets()).map(({ kind, status }) => [kind, status]).sort()).toEqual([
      ['health.service.down', 'waiting'],
      ['security.other', 'new'],
    ])
    await createMaintenance(room).end(id)
    await passes(0)
    expect((await tickets()).map(({ status }) => status)).toEqual(['new', 'new'])
  })
})

describe('a machine that went in a window', () => {
  const presence = (endpointId: string, change: object) =>
    room.store.db
      .insertInto('presences')
      .values({
        endpoint_id: endpointId,
        is_connected: 0,
        changed_at: 0,
        last_heard_at: room.time.now(),
        goodbye: null,
        agent_version: '1',
        ...change,
      })
      .execute()
  const silent = (endpointId: string) =>
    ({ endpointId, kind: 'presence.silent', severity: 'high', fingerprint: 'presence.silent' }) as const

  it('and is not back 15 minutes after its end is one P2, whatever it is, until it is back', async () => {
    await window({ durationMs: hours(1) })
    await presence('core', { goodbye: 'reboot' })
    await presence('srv', { is_connected: 1 })
    await presence('ws', { goodbye: 'shutdown' })
    await presence('unknown', { last_heard_at: room.time.now() - hours(5) })
    await passes(minutes(30))
    await room.signals(silent('core'), silent('srv'))
    await room.signals({ ...silent('srv'), state: 'cleared' })
    await passes(minutes(44))
    expect(await tickets()).toEqual([])
    await passes(minutes(1))
    expect(await tickets()).toMatchObject([
      {
        kind: 'presence.not-back',
        endpoint_id: 'core',
        priority: 'P2',
        title: 'core-host did not come back after the maintenance window “Patch night”',
      },
    ])
    expect(await room.store.db.selectFrom('silences').select(['endpoint_id', 'said']).execute()).toEqual([
      { endpoint_id: 'core', said: 'silent' },
    ])
    expect(await endings()).toEqual(expect.arrayContaining(['missing', 'cleared']))
    await room.signals({ ...silent('core'), state: 'cleared' })
    await passes(minutes(11))
    expect(await tickets()).toMatchObject([{ status: 'resolved', resolution: 'cleared' }])
  })

  it('the silence of its whole site waits for as long, and then is what it is', async () => {
    await window({ durationMs: hours(1) })
    await room.signals({
      endpointId: null,
      kind: 'presence.site-silent',
      severity: 'critical',
      fingerprint: 'presence.site-silent:site-1',
      facts: { siteId: 'site-1' },
    })
    await passes(minutes(74))
    expect(await tickets()).toEqual([])
    await passes(minutes(1))
    expect(await tickets()).toMatchObject([{ kind: 'presence.site-silent', priority: 'P1' }])
  })
})
