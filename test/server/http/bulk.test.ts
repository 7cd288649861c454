import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Role } from '#shared/domain/endpoint.ts'
import { addPerson } from './persons.ts'
import { startConsole, type TestConsole } from './start-console.ts'
import { signedIn, type Visitor } from './visitor.ts'
import { addOrganisation, type Belongings } from './world.ts'

/* Who may ask many machines, and for what (defaults §9): the power over each of them, or nothing goes out. */

let console_: TestConsole
let alpha: Belongings
let beta: Belongings
const visitors = new Map<string, Visitor>()

beforeAll(async () => {
  console_ = await startConsole()
  alpha = await addOrganisation(console_, 'alpha')
  beta = await addOrganisation(console_, 'beta')
  for (const team of ['tier1', 'tier2', 'tier3', 'security', 'customer-it', 'field']) {
    const organisationId = team === 'customer-it' ? alpha.organisation : null
    await addPerson(console_, { login: `of-${team}`, teams: [team], isAdmin: false, organisationId })
    visitors.set(team, await signedIn(console_.url, `of-${team}`))
  }
})
afterAll(() => console_[Symbol.asyncDispose]())

const as = (team: string): Visitor => visitors.get(team) ?? expect.fail(`nobody of ${team} is signed in`)
const body = (verb: string, more: object = {}) => ({
  organisationId: alpha.organisation,
  endpoints: [alpha.endpoint],
  verb,
  reason: 'trying',
  ...more,
})
const asks = async (team: string, verb: string, more: object = {}) => as(team).ask('POST', '/api/bulk', body(verb, more))
const machineIs = (role: Role) =>
  console_.store.db.updateTable('endpoints').set({ confirmed_role: role }).where('id', '=', alpha.endpoint).execute()

describe('one order for many machines', () => {
  it.each([
    ['ping', 'server', ['tier1', 'tier2', 'tier3', 'security', 'customer-it']],
    ['reboot', 'workstation', ['tier1', 'tier2', 'tier3', 'customer-it']],
    ['reboot', 'server', ['tier2', 'tier3']],
    ['isolate-host', 'server', ['tier3', 'security']],
    ['release-host', 'server', ['tier3', 'security']],
  ] as const)('%s on a %s is asked for by %j, and by nobody else', async (verb, role, expected) => {
    await machineIs(role)
    const let_: string[] = []
    for (const team of visitors.keys()) {
      const { status } = await asks(team, verb)
      expect([202, 403]).toContain(status)
      if (status === 202) let_.push(team)
    }
    expect(let_).toEqual(expected)
  })

  it('is for machines of one organisation, which the caller may see', async () => {
    expect((await asks('tier3', 'ping', { endpoints: [alpha.endpoint, beta.endpoint] })).status).toBe(404)
    expect((await asks('customer-it', 'ping', { organisationId: beta.organisation, endpoints: [beta.endpoint] })).status).toBe(404)
  })

  it('is asked for only where its machines’ system can do it, and so is what is asked of one', async () => {
    const { db } = console_.store
    await db.updateTable('endpoints').set({ platform: 'windows' }).where('id', '=', alpha.endpoint).execute()
    const why = 'restart-service is done on linux only so far, and this is windows.'
    const args = { unit: 'nginx.service' }
    const plan = await as('tier3').ask('POST', '/api/bulk/plan', body('restart-service', { args }))
    expect(plan.body.machines).toMatchObject([{ why }])
    expect((await asks('tier3', 'restart-service', { args })).body).toMatchObject({ code: 'refused', detail: expect.stringContaining(why) })
    const single = { verb: 'restart-service', args, reason: 'trying' }
    const asked = await as('tier3').ask('POST', `/api/endpoints/${alpha.endpoint}/commands`, single)
    expect([asked.status, asked.body]).toMatchObject([409, { detail: why }])
    await db.updateTable('endpoints').set({ platform: 'linux' }).where('id', '=', alpha.endpoint).execute()
  })

  it('is shown before it goes out, and every machine of it afterwards', async () => {
    const plan = await as('tier3').ask('POST', '/api/bulk/plan', body('ping'))
    expect(plan).toMatchObject({
      status: 200,
      body: { stages: [1], machines: [{ id: alpha.endpoint, name: 'alpha-host', stage: 1, isConnected: true }] },
    })
    const { id } = (await asks('tier3', 'ping')).body
    const { body: detail } = await as('tier3').ask('GET', `/api/bulk/${id}`)
    expect(detail).toMatchObject({
      status: 'requested',
      requestedBy: 'of-tier3',
      stages: [{ size: 1, waiting: 1 }],
      machines: [{ commandId: null }],
    })
    expect((await as('customer-it').ask('GET', '/api/bulk')).text).not.toContain('beta')
  })

  it('is stopped by whoever is there, goes on by who could ask for it, and is audited', async () => {
    await machineIs('server')
    const id = String((await asks('tier3', 'reboot')).body.id)
    await console_.store.db.updateTable('bulks').set({ status: 'running' }).where('id', '=', id).execute()
    const act = async (team: string, verb: string) =>
      (await as(team).ask('POST', `/api/bulk/${id}/${verb}`, { reason: 'look first' })).status
    expect(await act('tier1', 'stop')).toBe(204)
    expect(await act('tier1', 'stop')).toBe(409)
    expect(await act('tier1', 'go-on')).toBe(403)
    expect(await act('tier2', 'go-on')).toBe(204)
    expect(await act('tier2', 'end')).toBe(204)
    const rows = await console_.store.db.selectFrom('audit').select('action').where('target', '=', `bulk:${id}`).orderBy('number').execute()
    expect(rows.map(({ action }) => action)).toEqual(['bulk.ask', 'bulk.stop', 'bulk.go-on', 'bulk.end'])
  })

  it('of high risk asks for a fresh sign-in, also to go on', async () => {
    const script = { script: 'true', sha256: 'b5bea41b6c623f7c09f1bf24dcae58ebab3c0cdd90ad966bc43a45b44867e12b' }
    const id = String((await asks('tier3', 'run-script', { args: script })).body.id)
    await console_.store.db.updateTable('bulks').set({ status: 'stopped' }).where('id', '=', id).execute()
    console_.time.jump(16 * 60_000)
    expect((await asks('tier3', 'run-script', { args: script })).body.code).toBe('sign-in-again')
    const on = await as('tier3').ask('POST', `/api/bulk/${id}/go-on`, { reason: 'again' })
    expect(on.body.code).toBe('sign-in-again')
  })
})
