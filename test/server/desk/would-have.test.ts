import { afterEach, describe, expect, it, vi } from 'vitest'
import { minutes, seconds } from '#shared/domain/time.ts'
import { type Preview, previewOf } from '../../../server/desk/would-have.ts'
import { type DeskRoom, openDeskRoom, type PlacedSignal } from '../../support/desk-room.ts'
import { hire } from '../../support/staff.ts'

vi.setConfig({ testTimeout: 120_000 })

type Step = (room: DeskRoom) => Promise<void>
type Mode = 'observe' | 'live'

const rooms: DeskRoom[] = []
afterEach(() => Promise.all(rooms.splice(0).map((room) => room.close())))

/** The same happens in an organisation that is in this mode. */
async function happen(mode: Mode, steps: readonly Step[], begins: { plan: string; startsAt: string }): Promise<DeskRoom> {
  const roles = { ws: 'workstation', ws2: 'workstation', ws3: 'workstation', ws4: 'workstation', srv: 'server', core: 'core' } as const
  const room = await openDeskRoom({ mode, roles, ...begins })
  rooms.push(room)
  for (const [id, team] of [
    ['eve', 'security'],
    ['ada', 'tier1'],
    ['bob', 'tier2'],
    ['cid', 'tier3'],
  ] as const)
    await hire(room, id, { teams: JSON.stringify([team]), ways: [`http://127.0.0.1:9/${id}`] })
  await hire(room, 'dan', { teams: '["admin"]', is_admin: 1, ways: ['http://127.0.0.1:9/dan'] })
  for (const step of steps) {
    await step(room)
    await room.pipeline.idle()
    await room.time.advance(seconds(1))
  }
  return room
}

type Done = Record<string, { isolated: boolean; halted: boolean; paged: boolean }>

/** What was done for each ticket, as the timelines of the store tell it. */
async function doneIn({ store }: DeskRoom): Promise<Done> {
  const rows = await store.db
    .selectFrom('timeline')
    .innerJoin('tickets', 'tickets.id', 'timeline.ticket_id')
    .select(['tickets.kind as of', 'endpoint_id', 'timeline.kind', 'actor', 'body', 'gathers'])
    .where('organisation_id', '=', 'acme')
    .execute()
  const byTicket = Map.groupBy(rows, ({ of, endpoint_id, gathers }) => `${of} ${endpoint_id ?? gathers ?? ''}`)
  return Object.fromEntries(
    [...byTicket].map(([key, lines]) => {
      const said = lines.map(({ kind, actor, body }) => ({ kind, actor, body: JSON.parse(body) as Record<string, unknown> }))
      const isOrdered = (verb: string): boolean =>
        said.some(({ kind, actor, body }) => kind === 'command-requested' && actor === 'system' && body.verb === verb)
      const isPaged = said.some(
        ({ kind, body }) => (kind === 'paged' && body.isPage === true) || (body.tell !== undefined && body.page === true),
      )
      return [key, { isolated: isOrdered('isolate-host'), halted: isOrdered('suspend-process'), paged: isPaged }]
    }),
  )
}

const night = { plan: 'round-the-clock', startsAt: '2026-11-22T03:00:00+01:00' }
const morning = { plan: 'standard', startsAt: '2026-11-23T07:50:00+01:00' }

async function compared(begins: typeof night, ...steps: Step[]): Promise<{ would: Done; differs: Done; preview: Preview | undefined }> {
  const [observed, live] = [await happen('observe', steps, begins), await happen('live', steps, begins)]
  const preview = await previewOf(observed.store.reader, observed.matrices.rules, 'acme', observed.time.now())
  const [was, is] = [await doneIn(observed), await doneIn(live)]
  const tickets = await observed.store.db.selectFrom('tickets').select(['id', 'endpoint_id', 'gathers']).execute()
  const keyOf = ({ ticket }: Preview['would'][number]): string => {
    const row = tickets.find(({ id }) => id === ticket.id)
    return `${ticket.kind} ${row?.endpoint_id ?? row?.gathers ?? ''}`
  }
  const differs = Object.entries(is).flatMap(([key, { isolated, halted, paged }]) => {
    const isNewlyPaged = paged && was[key]?.paged !== true
    return isolated || halted || isNewlyPaged ? [[key, { isolated, halted, paged: isNewlyPaged }] as const] : []
  })
  const would = (preview?.would ?? []).map(
    (each) => [keyOf(each), { isolated: each.isolates !== null, halted: each.halts, paged: each.isPaging }] as const,
  )
  return { would: Object.fromEntries(would), differs: Object.fromEntries(differs), preview }
}

const say =
  (...signals: Partial<PlacedSignal>[]): Step =>
  (room) =>
    room.signals(...signals)
const wait =
  (ms: number): Step =>
  (room) =>
    room.time.advance(ms)
const evidence = (endpointId: string, more: Partial<PlacedSignal> = {}): Partial<PlacedSignal> => ({
  ...({ endpointId, kind: 'security.ransomware.canary', severity: 'critical', state: 'happened' } as const),
  ...{ fingerprint: `canary-${endpointId}`, facts: { change: 'unreadable', pid: 4711, startTicks: 99 } },
  ...more,
})
const silent = (endpointId: string) => ({ endpointId, kind: 'presence.silent', severity: 'high', fingerprint: 'presence' }) as const

describe('what going live would have changed is what it changes', () => {
  it('isolated at once and unanswered, processes halted, people called by day and night', async () => {
    const { would, differs, preview } = await compared(
      night,
      say(evidence('ws'), evidence('srv'), evidence('core')),
      say(silent('core'), { endpointId: 'ws' }),
      wait(minutes(6)),
    )
    expect(would).toEqual(differs)
    expect(Object.values(would).some(({ isolated, halted }) => isolated && halted)).toBe(true)
    expect(preview?.would.map(({ isolates }) => isolates)).toEqual(expect.arrayContaining(['auto', 'unanswered', null]))
  })

  it('what people call only when a team opens', async () => {
    const disk = { endpointId: 'core', kind: 'health.disk.full', severity: 'critical', facts: { freeBytes: 1, usedPercent: 99.9 } } as const
    const { would, differs } = await compared(morning, say(disk, silent('srv')), wait(minutes(10.5)))
    expect(would).toEqual(differs)
    expect(Object.values(would).some(({ paged }) => paged)).toBe(true)
  })

  it('what many machines of a site have is asked and answered once; two kinds of evidence go further', async () => {
    const { would, differs } = await compared(
      night,
      say(...['ws', 'ws2', 'ws3', 'ws4'].map((id) => evidence(id))),
      say(evidence('ws4', { kind: 'security.ransomware.encryption', fingerprint: 'encryption', facts: { share: 0.9 } })),
      wait(minutes(10)),
    )
    expect(would).toEqual(differs)
    expect(Object.values(would).filter(({ isolated }) => isolated).length).toBeGreaterThan(3)
  })

  it('a storm takes its tickets: nobody is called for each, and nothing more is isolated', async () => {
    const nth = (from: number, count: number) =>
      Array.from({ length: count }, (_, at) =>
        evidence(`m${from + at}`, { organisationId: ['acme', 'other', 'third'][(from + at) % 3] ?? '' }),
      )
    const { would, differs } = await compared(night, settle(45), say(...nth(0, 24)), say(...nth(24, 21)), wait(minutes(10)))
    expect(would).toEqual(differs)
    expect(Object.keys(would).length).toBeGreaterThan(0)
  })

  it('a question that somebody answered in time isolates nothing', async () => {
    const { would, differs } = await compared(
      night,
      say(evidence('srv')),
      async (room) => {
        const { id, version } = await room.store.db.selectFrom('tickets').selectAll().executeTakeFirstOrThrow()
        const person = { id: 'eve', name: 'eve' }
        expect(await room.desk.leave({ ticketId: id, version, person, reason: 'a test of ours' })).toMatchObject({ kind: 'done' })
      },
      wait(minutes(10)),
    )
    expect(would).toEqual(differs)
    expect(Object.values(would)).toMatchObject([{ isolated: false, halted: true }])
  })
})

/** So many workstations, in three organisations in turn. */
const settle =
  (count: number): Step =>
  async ({ store, time }) => {
    const at = time.now()
    const third = { id: 'third', name: 'third', mode: 'observe' as const, plan: 'standard', time_zone: 'Europe/Berlin', created_at: at + 1 }
    await store.db.insertInto('organisations').values(third).execute()
    for (let nth = 0; nth < count; nth += 1) {
      const where = { organisation_id: ['acme', 'other', 'third'][nth % 3] ?? '', site_id: null, confirmed_role: null, removed_at: null }
      const row = { id: `m${nth}`, hostname: `m${nth}`, platform: 'linux' as const, enrolled_at: at, ...where }
      await store.db.insertInto('endpoints').values(row).execute()
      const inventory = { endpoint_id: row.id, at, role: 'workstation' as const, agent_version: '1', body: '{}' }
      await store.db.insertInto('inventories').values(inventory).execute()
    }
  }
