import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { commands } from '#shared/commands/registry.ts'
import type { Role } from '#shared/domain/endpoint.ts'
import { addPerson } from './persons.ts'
import { startConsole, type TestConsole } from './start-console.ts'
import { signedIn, type Visitor } from './visitor.ts'
import { addOrganisation, type Belongings } from './world.ts'

/* The table of powers (defaults §9), its rows about remote commands: each verb × team × role of machine, as the API lets it. */

const roles = ['workstation', 'server', 'core', 'unknown'] as const satisfies Role[]
const teams = ['tier1', 'tier2', 'tier3', 'security', 'customer-it', 'field', 'vcio', 'admin'] as const
type Team = (typeof teams)[number]

const every: readonly Role[] = roles
const nowhere: readonly Role[] = []
const ws: readonly Role[] = ['workstation']
const wsAndSrv: readonly Role[] = ['workstation', 'server']
type Row = Partial<Record<Team, readonly Role[]>>

const looksAfter: Row = { tier1: every, tier2: every, tier3: every, security: every, admin: every, 'customer-it': every }
/** Halting a program is a small isolation, and letting it go on a small release. */
const contains: Row = { tier3: every, security: every, admin: every }
/** Where operators are named, two of them sign it besides. */
const anything: Row = { tier3: every, security: every }
const uuid = '019aa000-0000-7000-8000-000000000000'
const named = { pid: 4_000_000, startTicks: 1 }

const table: Record<string, { args: object; row: Row }> = {
  ping: { args: {}, row: looksAfter },
  'collect-diagnostics': { args: {}, row: looksAfter },
  'restart-service': { args: { unit: 'nginx.service' }, row: looksAfter },
  'rearm-canaries': { args: {}, row: looksAfter },
  'backup-list': { args: {}, row: looksAfter },
  'reach-neighbour': { args: { endpointId: uuid, name: 'ws', places: [{ address: '10.0.0.7', mac: '' }] }, row: anything },
  reboot: { args: {}, row: { tier1: ws, tier2: wsAndSrv, tier3: every, 'customer-it': ws } },
  'install-updates': { args: {}, row: { tier1: ws, tier2: wsAndSrv, tier3: every, 'customer-it': ws } },
  'suspend-process': { args: named, row: contains },
  'stop-process': { args: named, row: contains },
  'quarantine-file': { args: { path: '/tmp/x' }, row: contains },
  'resume-process': { args: named, row: contains },
  'restore-file': { args: { quarantineId: uuid }, row: anything },
  'restore-from-backup': { args: { paths: ['/srv/files'], before: 1 }, row: anything },
  'run-script': { args: { script: 'true', sha256: '0'.repeat(64) }, row: anything },
}
/** These have doors of their own, which powers.test.ts tries. */
const ownDoors = ['isolate-host', 'release-host', 'keep-standing-order']

let console_: TestConsole
let alpha: Belongings
let beta: Belongings
const visitors = new Map<Team, Visitor>()

beforeAll(async () => {
  console_ = await startConsole()
  alpha = await addOrganisation(console_, 'alpha')
  beta = await addOrganisation(console_, 'beta')
  for (const team of teams) {
    const organisationId = team === 'customer-it' ? alpha.organisation : null
    await addPerson(console_, { login: `of-${team}`, teams: [team], isAdmin: false, organisationId })
    visitors.set(team, await signedIn(console_.url, `of-${team}`))
  }
})
afterAll(() => console_[Symbol.asyncDispose]())

async function asks(team: Team, verb: string, endpoint = alpha.endpoint): Promise<number> {
  const visitor = visitors.get(team)
  if (!visitor) throw new Error(`nobody of ${team} is signed in`)
  const body = { verb, args: table[verb]?.args ?? {}, reason: 'trying' }
  return (await visitor.ask('POST', `/api/endpoints/${endpoint}/commands`, body)).status
}
/** By what its agent found; nobody said another. */
async function machineIs(role: Role): Promise<void> {
  const { db } = console_.store
  await db.updateTable('endpoints').set({ confirmed_role: null }).where('id', '=', alpha.endpoint).execute()
  await db.updateTable('inventories').set({ role }).where('endpoint_id', '=', alpha.endpoint).execute()
}

describe('the table of powers over remote commands', () => {
  it('has a row for every verb, so that a new one is thought of', () => {
    expect([...Object.keys(table), ...ownDoors].toSorted()).toEqual([...commands.keys()].toSorted())
  })

  it.each(Object.keys(table))('%s is asked for by these teams of these machines, and by nobody else', async (verb) => {
    const expected = Object.fromEntries(teams.map((team) => [team, table[verb]?.row[team] ?? nowhere]))
    const let_ = Object.fromEntries(teams.map((team): [Team, Role[]] => [team, []]))
    for (const role of roles) {
      await machineIs(role)
      for (const team of teams) {
        const status = await asks(team, verb)
        expect([200, 202, 403]).toContain(status)
        if (status !== 403) let_[team]?.push(role)
      }
    }
    expect(let_).toEqual(expected)
  })

  it('a customer’s own IT asks nothing of another organisation’s machines', async () => {
    expect(await asks('customer-it', 'ping', beta.endpoint)).toBe(404)
  })
})
