import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { days, hours, minutes } from '#shared/domain/time.ts'
import { createRecurring } from '../../../server/due/recurring.ts'
import { createTurns } from '../../../server/pipeline/turns.ts'
import { mayWait } from '../../../server/suppress/suppress.ts'
import { type DeskRoom, openDeskRoom, type PlacedSignal } from '../../support/desk-room.ts'

let room: DeskRoom
let sweep: () => Promise<void>

const begin = () => {
  const { store, matrices, time, pipeline } = room
  const look = createRecurring({ store, rules: matrices.rules, turns: createTurns(store.db), onRaised: () => pipeline.nudge(false) })
  sweep = async () => {
    await look(time.now())
    await pipeline.idle()
  }
}
beforeEach(async () => {
  const stations = Object.fromEntries(Array.from({ length: 6 }, (_, index) => [`ws-${index + 1}`, 'workstation' as const]))
  room = await openDeskRoom({ roles: { srv: 'server', ...stations } })
  begin()
})
afterEach(() => room.close())

const say = (more: Partial<PlacedSignal> = {}) => room.signals({ endpointId: 'srv', kind: 'health.crash', severity: 'medium', ...more })
const pass = async (ms: number): Promise<void> => {
  for (let left = ms; left > 0; left -= hours(1)) {
    room.time.jump(Math.min(left, hours(1)))
    await room.timers.idle()
    await sweep()
  }
}
/** It comes, and ends by itself. */
const comeAndEnd = async (more: Partial<PlacedSignal> = {}) => {
  await say({ state: 'raised', ...more })
  await sweep()
  await say({ state: 'cleared', ...more })
  await pass(hours(1))
}
const tickets = () => room.store.db.selectFrom('tickets').selectAll().orderBy('number').execute()
const problems = async () => (await tickets()).filter(({ kind }) => kind === 'problem.recurring')

describe('the same trouble of one machine', () => {
  it('that comes three times in 30 days makes a problem, P4 of tier2, with its incidents linked; they keep their clocks', async () => {
    await comeAndEnd()
    await pass(days(8))
    await comeAndEnd()
    expect(await problems()).toEqual([])
    await pass(days(8))
    await say({ state: 'raised' })
    await sweep()
    await sweep()
    const [problem, ...others] = await problems()
    expect(others).toEqual([])
    expect(problem).toMatchObject({
      priority: 'P4',
      team: 'tier2',
      endpoint_id: 'srv',
      status: 'new',
      title: 'It came 3 times lately: It is health.crash',
    })
    const incidents = (await tickets()).filter(({ problem_id }) => problem_id === problem?.id)
    expect(incidents.map(({ status, respond_by }) => [status, respond_by === null])).toEqual([
      ['resolved', false],
      ['resolved', false],
      ['new', false],
    ])
  })

  it('links the next one to the problem that is open, and raises no second; an ended problem comes back', async () => {
    for (let nth = 0; nth < 3; nth++) {
      await comeAndEnd()
      await pass(days(8))
    }
    await comeAndEnd()
    const [problem, ...others] = await problems()
    expect(others).toEqual([])
    expect((await tickets()).filter(({ problem_id }) => problem_id === problem?.id)).toHaveLength(4)
    expect(problem?.occurrences).toBe(1)
    const person = { id: 'ann', name: 'ann' }
    await room.desk.resolve({ ticketId: problem?.id ?? '', version: problem?.version ?? 0, person, resolution: 'fixed', note: '' })
    await pass(hours(2))
    await comeAndEnd()
    expect(await problems()).toMatchObject([{ status: 'new', number: problem?.number }])
  })

  it('leaves a problem ended that a person ended, also over a restart', async () => {
    for (let nth = 0; nth < 3; nth++) await comeAndEnd()
    const [problem] = await problems()
    const person = { id: 'ann', name: 'ann' }
    await room.desk.resolve({ ticketId: problem?.id ?? '', version: problem?.version ?? 0, person, resolution: 'fixed', note: '' })
    room = await room.restart()
    begin()
    await sweep()
    expect(await problems()).toMatchObject([{ status: 'resolved' }])
  })

  it('waits for no maintenance window: nobody is called for it', () => {
    expect(mayWait({ kind: 'problem.recurring' })).toBe(false)
  })

  it('not when it is further apart, when people opened it again, or of our own troubles', async () => {
    for (let nth = 0; nth < 4; nth++) {
      await comeAndEnd()
      await pass(days(16))
    }
    for (let nth = 0; nth < 4; nth++) {
      await room.signals({ endpointId: 'srv', kind: 'system.agent.signals-lost', state: 'raised', severity: 'high' })
      await pass(hours(1))
    }
    expect(await problems()).toEqual([])
  }, 20_000)

  it('goes on over a restart between raising and linking', async () => {
    for (let nth = 0; nth < 3; nth++) await comeAndEnd()
    room = await room.restart()
    begin()
    await sweep()
    const [problem] = await problems()
    expect((await tickets()).filter(({ problem_id }) => problem_id === problem?.id)).toHaveLength(1)
  })
})

describe('the same kind on many machines of an organisation', () => {
  it('on five within seven days is one problem of the organisation', async () => {
    for (let nth = 1; nth <= 5; nth++) {
      expect(await problems()).toEqual([])
      await say({ endpointId: `ws-${nth}` })
      await pass(hours(20))
    }
    await sweep()
    const [problem, ...others] = await problems()
    expect(others).toEqual([])
    expect(problem).toMatchObject({ endpoint_id: null, organisation_id: 'acme', priority: 'P4', team: 'tier2', kind: 'problem.recurring' })
    expect((await tickets()).filter(({ problem_id }) => problem_id === problem?.id)).toHaveLength(5)
  })

  it('not of what is under one ticket of a site, which asks for all of it', async () => {
    await room.signals(
      ...[1, 2, 3, 4, 5, 6].map((nth) => ({ endpointId: `ws-${nth}`, kind: 'health.service.down', severity: 'high' as const })),
    )
    await sweep()
    await pass(minutes(10))
    expect(await problems()).toEqual([])
  })
})
