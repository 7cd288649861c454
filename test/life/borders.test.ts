import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Route, Thing } from '../../server/http/route.ts'
import { addPerson } from '../server/http/persons.ts'
import { startConsole, type TestConsole } from '../server/http/start-console.ts'
import { signedIn, type Visitor, visit } from '../server/http/visitor.ts'
import { addOrganisation, type Belongings } from '../server/http/world.ts'

/*
 * Two organisations, each with one of everything, and an admin of one of them with all powers, who asks every route of
 * the table for the other's things. A route that was added without its border fails here, or keeps http from starting.
 */

let console_: TestConsole
let alpha: Belongings
let beta: Belongings
let stranger: Visitor
let provider: Visitor
let powerless: Visitor

beforeAll(async () => {
  console_ = await startConsole()
  alpha = await addOrganisation(console_, 'alpha')
  beta = await addOrganisation(console_, 'beta')
  await addPerson(console_, { login: 'provider' })
  await addPerson(console_, { login: 'powerless', teams: [], isAdmin: false, organisationId: beta.organisation })
  stranger = await signedIn(console_.url, 'beta-admin')
  provider = await signedIn(console_.url, 'provider')
  powerless = await signedIn(console_.url, 'powerless')
})
afterAll(() => console_[Symbol.asyncDispose]())

/** A body that fits, for each route that takes one, naming this organisation's own things. */
const bodies: Record<string, (own: Belongings) => Record<string, unknown>> = {
  'POST /api/session': () => ({ login: 'nobody', password: 'nothing' }),
  'POST /api/session/password': () => ({ current: 'nothing', next: 'twelve letters or more' }),
  'POST /api/tickets': ({ organisation, endpoint }) => ({ organisationId: organisation, endpointId: endpoint, title: 'It hangs' }),
  'POST /api/requests': ({ endpoint }) => ({ title: 'It hangs', endpointId: endpoint }),
  'POST /api/requesters': ({ organisation }) => ({ organisationId: organisation, name: 'Eva', mail: 'eva@customer.example' }),
  'POST /api/commands/:id/outcome': () => ({ outcome: 'succeeded', note: 'looked at it' }),
  'POST /api/organisations/:id/scripts': () => ({ isOff: true }),
  'PUT /api/policy': () => ({ yaml: 'fleet: {}\n' }),
  'POST /api/policy/signatures': ({ organisation }) => ({ organisationId: organisation, jws: 'none' }),
  'POST /api/bulk/plan': ({ organisation, endpoint }) => ({
    organisationId: organisation,
    endpoints: [endpoint],
    verb: 'ping',
    reason: 'why not',
  }),
  'POST /api/bulk': ({ organisation, endpoint }) => ({
    organisationId: organisation,
    endpoints: [endpoint],
    verb: 'ping',
    reason: 'why not',
  }),
  'POST /api/bulk/:id/stop': () => ({ reason: 'why not' }),
  'POST /api/bulk/:id/go-on': () => ({ reason: 'why not' }),
  'POST /api/bulk/:id/end': () => ({ reason: 'why not' }),
  'POST /api/bulk/:id/signatures': () => ({ jws: 'none' }),
  'POST /api/standing-orders': ({ organisation }) => ({ organisationId: organisation, draft: 'restart-failed-service', reason: 'why not' }),
  'POST /api/standing-orders/:id/signatures': () => ({ jws: 'a.b.c' }),
  'POST /api/standing-orders/:id/withdraw': () => ({ reason: 'why not' }),
  'POST /api/tickets/:id/acknowledge': () => ({ version: 1 }),
  'POST /api/tickets/:id/comments': () => ({ version: 1, text: 'hello' }),
  'POST /api/tickets/:id/wait': () => ({ version: 1, waitingFor: 'customer' }),
  'POST /api/tickets/:id/resume': () => ({ version: 1 }),
  'POST /api/tickets/:id/escalate': () => ({ version: 1, reason: 'expertise', tried: 'turned it off and on again' }),
  'POST /api/tickets/:id/security': () => ({ version: 1 }),
  'POST /api/tickets/:id/found': () => ({ version: 1, lines: ['one'], decision: 'accept' }),
  'POST /api/tickets/:id/cause': () => ({ version: 1, cause: 'network', place: 'the cellar', part: 'a switch' }),
  'PATCH /api/organisations/:id': () => ({ mode: 'live' }),
  'POST /api/tickets/:id/children': () => ({ version: 1, act: 'keep' }),
  'POST /api/tickets/:id/resolve': () => ({ version: 1, resolution: 'fixed' }),
  'POST /api/tickets/:id/reopen': () => ({ version: 1 }),
  'POST /api/tickets/:id/isolate': () => ({ version: 1, reason: 'why not' }),
  'POST /api/tickets/:id/release': () => ({ version: 1, reason: 'why not' }),
  'POST /api/tickets/:id/noise': () => ({ version: 1, reason: 'why not' }),
  'POST /api/tickets/:id/false-alarm': () => ({ version: 1, reason: 'why not' }),
  'POST /api/tickets/:id/leave': () => ({ version: 1, reason: 'why not' }),
  'PATCH /api/endpoints/:id': () => ({ role: 'core' }),
  'POST /api/endpoints/:id/isolate': () => ({ reason: 'why not' }),
  'POST /api/endpoints/:id/release': () => ({ reason: 'why not' }),
  'POST /api/endpoints/:id/commands': ({ ticket }) => ({ verb: 'rearm-canaries', reason: 'why not', ticketId: ticket }),
  'POST /api/commands/:id/signatures': () => ({ jws: 'none' }),
  'POST /api/enrolment-tokens': ({ organisation, site }) => ({ organisationId: organisation, siteId: site }),
  'POST /api/organisations': () => ({ name: 'Another', timeZone: 'Europe/Berlin' }),
  'POST /api/organisations/:id/sites': () => ({ name: 'Another' }),
  'POST /api/people': ({ organisation }) => ({
    name: 'Eve',
    login: 'eve',
    password: 'twelve letters or more',
    teams: [],
    organisationId: organisation,
  }),
  'POST /api/tokens': () => ({ name: 'script' }),
  'POST /api/sources': ({ organisation }) => ({ organisationId: organisation, name: 'firewall' }),
  'POST /api/signals': () => ({ kind: 'security.test', severity: 'low', fingerprint: 'test', summary: 'test' }),
  'POST /api/restored/endpoints/:endpoint/adopt': ({ organisation, site }) => ({ organisationId: organisation, siteId: site }),
  'POST /api/containment/stop': ({ organisation }) => ({ organisationId: organisation }),
  'POST /api/maintenance-windows': ({ organisation }) => ({ organisationId: organisation, name: 'x', minutes: 9, startsAt: 4e12 }),
  'POST /api/shifts': ({ person }) => ({ team: 'tier1', personId: person, days: ['mon'], from: '08:00', to: '18:00', timeZone: 'UTC' }),
  'POST /api/rotations': ({ person }) => ({ team: 'tier1', people: [person], startsOn: '2026-11-23', handOver: '09:00', timeZone: 'UTC' }),
  'POST /api/on-call-overrides': ({ person }) => ({ team: 'tier1', personId: person, from: 0, until: 4_000_000_000_000 }),
  'PATCH /api/people/:id': () => ({ skills: [], leads: [], wipLimit: null }),
  'POST /api/people/:id/away': () => ({ from: 0, until: 4_000_000_000_000 }),
  'POST /api/mails/take': ({ ticket }) => ({ mail: 'one@nobody.example', ticketId: ticket }),
  'POST /api/mails/drop': () => ({ mail: 'one@nobody.example' }),
  'POST /api/browser-key': () => ({ key: { kty: 'OKP', crv: 'Ed25519', x: 'A'.repeat(43) }, proof: 'a.b.c' }),
  'POST /api/audit/verify': () => ({ heads: [] }),
  'POST /api/scripts': () => ({ name: 'one', text: 'true' }),
  'POST /api/scripts/:script/review': () => ({ sha256: '0'.repeat(64) }),
  'PUT /api/matrix': () => ({ yaml: 'routes: []' }),
  'POST /api/matrix/check': () => ({ yaml: 'routes: []' }),
  'POST /api/receivers': ({ organisation }) => ({
    name: 'chat',
    notifier: 'webhook',
    url: 'https://chat.example.org',
    organisationId: organisation,
  }),
}

interface Inputs {
  params: Record<string, string>
  query: Record<string, string>
  body: Record<string, unknown> | undefined
}

const nameOf = ({ method, path }: Route): string => `${method} ${path}`

/** Inputs that are all the owner's, but for `foreign`, which names the other's thing. */
function inputsOf(route: Route, own: Belongings, foreign?: { input: string; id: string }): Inputs {
  const inputs: Inputs = { params: {}, query: queryFor(route), body: undefined }
  if (route.body) inputs.body = bodies[nameOf(route)]?.(own)
  for (const [input, thing] of namesOf(route)) if (input.startsWith('params.')) put(inputs, input, own[thing])
  if (foreign) put(inputs, foreign.input, foreign.id)
  return inputs
}

const takesTimes = /\/(samples|figures|noise-meter)$/
/** What a route wants to know before it looks for anything. */
const queryFor = ({ path }: Route): Record<string, string> =>
  takesTimes.test(path) ? lastMinute() : path === '/api/software' ? { name: 'bash' } : {}

function lastMinute(): Record<string, string> {
  const now = console_.time.now()
  return { from: String(now - 60_000), to: String(now) }
}

function put(inputs: Inputs, input: string, id: string): void {
  const [part, field] = input.split('.') as [keyof Inputs, string]
  inputs[part] = { ...inputs[part], [field]: id } as Record<string, string>
}

const namesOf = (route: Route) => Object.entries(route.names ?? {}) as [string, Thing][]

function send(visitor: Visitor, route: Route, { params, query, body }: Inputs) {
  const path = route.path.replace(/:(\w+)/g, (_, name: string) => params[name] ?? 'x')
  const search = new URLSearchParams(query).toString()
  return visitor.ask(route.method, search === '' ? path : `${path}?${search}`, body)
}

const routes = () => console_.http.routes
const ofPeople = () => routes().filter(({ access }) => access.who === 'person')
/** A stream answers when it is over; streams.test.ts tries its border. */
const answering = () => ofPeople().filter(({ path }) => path !== '/api/live')

describe('the border of an organisation', () => {
  it('is tried with a body that fits, for every route that takes one', () => {
    expect(
      routes()
        .filter((route) => route.body && !bodies[nameOf(route)])
        .map(nameOf),
    ).toEqual([])
  })

  it('hides every thing that a route can name: 404, and nobody behind http hears of it', async () => {
    console_.asked.length = 0
    const answers: Record<string, number> = {}
    for (const route of ofPeople().filter((each) => !isProvidersOwn(each))) {
      for (const [input, thing] of namesOf(route)) {
        const { status, text } = await send(stranger, route, inputsOf(route, beta, { input, id: alpha[thing] }))
        answers[`${nameOf(route)} ${input}`] = status
        expect(text, nameOf(route)).not.toContain(alpha.mark)
      }
    }
    expect(Object.keys(answers).length).toBeGreaterThan(25)
    expect(Object.entries(answers).filter(([, status]) => status !== 404)).toEqual([])
    expect(console_.asked).toEqual([])
  })

  it('shows no trace of the other in anything that can be read, while the provider reads both', async () => {
    const seen: string[] = []
    for (const route of answering().filter(({ method }) => method === 'GET')) {
      const own = await send(stranger, route, inputsOf(route, beta))
      expect(own.text, nameOf(route)).not.toMatch(new RegExp([alpha.mark, ...ids(alpha)].join('|')))
      if (own.text.includes(beta.mark) && (await send(provider, route, inputsOf(route, alpha))).text.includes(alpha.mark))
        seen.push(route.path)
    }
    expect(seen).toEqual(
      expect.arrayContaining(['/api/tickets', '/api/tickets/:id', '/api/endpoints', '/api/endpoints/:id', '/api/endpoints/:id/samples']),
    )
    expect(seen).toEqual(expect.arrayContaining(['/api/organisations', '/api/people', '/api/sources', '/api/receivers']))
  })

  it('keeps what concerns all organisations for the provider', async () => {
    const refused = await Promise.all(
      answering()
        .filter(isProvidersOwn)
        .map(async (route) => (await send(stranger, route, inputsOf(route, beta))).body.code),
    )
    expect([refused.length, new Set(refused)]).toEqual([38, new Set(['provider-only'])])
    for (const route of routes().filter((each) => each.names && 'body.organisationId' in each.names && nullable.has(nameOf(each)))) {
      const inputs = inputsOf(route, beta)
      const answer = await send(stranger, route, { ...inputs, body: { ...inputs.body, organisationId: null } })
      expect(answer.body.code, nameOf(route)).toBe('provider-only')
    }
  })

  it('does not let things of two organisations meet, whoever asks', async () => {
    const mixed = await provider.ask('POST', '/api/enrolment-tokens', { organisationId: alpha.organisation, siteId: beta.site })
    const ticket = await provider.ask('POST', '/api/tickets', { organisationId: alpha.organisation, endpointId: beta.endpoint, title: 'x' })
    expect([mixed.status, ticket.status]).toEqual([404, 404])
  })
})

describe('every route', () => {
  it('asks whoever is not signed in to sign in, before it reads the body', async () => {
    for (const route of routes().filter(({ access }) => access.who !== 'anyone')) {
      const answer = await send(visit(console_.url), route, { ...inputsOf(route, beta), body: route.body && { nonsense: true } })
      expect([nameOf(route), answer.status, answer.body.code]).toEqual([nameOf(route), 401, 'sign-in-needed'])
    }
  })

  it('that needs a power refuses whoever has none, and hands nothing on', async () => {
    console_.asked.length = 0
    const guarded = ofPeople().filter(({ access }) => access.who === 'person' && access.power !== null)
    for (const route of guarded) {
      const answer = await send(powerless, route, inputsOf(route, beta))
      expect([nameOf(route), answer.status, answer.body.code]).toEqual([nameOf(route), 403, 'power-missing'])
    }
    expect(guarded.length).toBeGreaterThan(15)
    expect(console_.asked).toEqual([])
  })

  it('that changes something for an organisation needs a power', () => {
    const open = ofPeople().filter(
      ({ method, access }) => method !== 'GET' && access.who === 'person' && access.power === null && access.reach !== 'own',
    )
    expect(open.map(nameOf)).toEqual([])
  })
})

const nullable = new Set(['POST /api/people'])
const isProvidersOwn = ({ access }: Route): boolean => access.who === 'person' && access.reach === 'provider'
const ids = ({ mark: _, ...own }: Belongings): string[] => Object.values(own)
