import type { Insertable } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EndpointDetail, EndpointList, SampleList } from '#shared/api/endpoints.ts'
import { TicketDetail, TicketList, TicketVerb } from '#shared/api/tickets.ts'
import { slotOf } from '#shared/domain/rollup.ts'
import { columnsOf } from '#shared/domain/sample-columns.ts'
import { days, hours, minutes } from '#shared/domain/time.ts'
import type { Database } from '../../../server/store/schema.ts'
import { startPostgres } from '../../support/postgres.ts'
import { addPerson } from './persons.ts'
import { startConsole, type TestConsole } from './start-console.ts'
import { signedIn, type Visitor } from './visitor.ts'
import { addOrganisation, type Belongings } from './world.ts'

const postgres = await startPostgres()
if (postgres.kind === 'unavailable') console.log(`The API is read on SQLite only: ${postgres.reason}`)
const databases = [
  { name: 'SQLite', url: undefined, isThere: true },
  { name: 'PostgreSQL', url: postgres.kind === 'running' ? postgres.url : undefined, isThere: postgres.kind === 'running' },
]
afterAll(async () => {
  if (postgres.kind === 'running') await postgres.stop()
})

for (const { name, url, isThere } of databases)
  describe.skipIf(!isThere)(`on ${name}`, () => {
    let console_: TestConsole
    let own: Belongings
    let other: Belongings
    let admin: Visitor
    let now: number
    beforeAll(async () => {
      console_ = await startConsole({}, url)
      own = await addOrganisation(console_, 'alpha')
      other = await addOrganisation(console_, 'beta')
      await addPerson(console_, { login: 'ada', name: 'Ada' })
      admin = await signedIn(console_.url, 'ada')
      now = console_.time.now()
    })
    afterAll(() => console_[Symbol.asyncDispose]())

    describe('tickets', () => {
      it('are listed with what comes due next, and counted', async () => {
        const { tickets, total } = TicketList.parse((await admin.ask('GET', `/api/tickets?organisationId=${own.organisation}`)).body)
        expect(total).toBe(1)
        expect(tickets[0]).toMatchObject({
          title: 'alpha disk is full',
          organisation: { name: 'alpha organisation' },
          site: { name: 'alpha site' },
        })
        expect(tickets[0]).toMatchObject({
          endpoint: { hostname: 'alpha-host' },
          isStanding: true,
          nextDue: { kind: 'respond', at: now + 7_200_000 },
        })
      })

      it.each([
        ['?status=open', 2],
        ['?status=resolved', 0],
        ['?status=all&limit=1', 1],
        ['?tier=tier2', 0],
      ])('are chosen by %s', async (query, count) => {
        expect(TicketList.parse((await admin.ask('GET', `/api/tickets${query}`)).body).tickets).toHaveLength(count)
      })

      it('come with their timeline, signals, isolation and what may be done', async () => {
        const ticket = TicketDetail.parse((await admin.ask('GET', `/api/tickets/${own.ticket}`)).body)
        expect(ticket).toMatchObject({
          reasons: ['alpha reason'],
          timeline: [{ kind: 'opened', actor: 'Tierline', text: 'Opened: alpha summary', body: { summary: 'alpha summary' } }],
          signals: [{ summary: 'alpha summary', receivedAt: now }],
          isolation: { desired: 'open', isReady: true },
          legalActions: ['acknowledge', 'resolve', 'escalate'],
          may: TicketVerb.options,
        })
      })

      it('name who acted, also staff of the provider', async () => {
        const { db } = console_.store
        const ada = await db.selectFrom('people').select('id').where('login', '=', 'ada').executeTakeFirstOrThrow()
        const entry = { ticket_id: own.ticket, at: now + 1, kind: 'commented' as const, actor: ada.id, body: '{"text":"<b>hello</b>"}' }
        await db
          .insertInto('timeline')
          .values({ id: 'zz-comment', ...entry })
          .execute()
        const customer = await signedIn(console_.url, 'alpha-admin')
        const answer = await customer.ask('GET', `/api/tickets/${own.ticket}`)
        expect(TicketDetail.parse(answer.body).timeline.at(-1)).toMatchObject({ actor: 'Ada', body: { text: '<b>hello</b>' } })
        expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8')
        expect(answer.headers.get('cache-control')).toBe('no-store')
      })
    })

    describe('endpoints', () => {
      it('are listed by name, with their role and their open tickets', async () => {
        const { endpoints } = EndpointList.parse((await admin.ask('GET', '/api/endpoints')).body)
        expect(endpoints.map(({ hostname }) => hostname)).toEqual(['alpha-host', 'beta-host'])
        expect(endpoints[0]).toMatchObject({
          role: 'server',
          roleSource: 'facts',
          isConnected: true,
          openTickets: 1,
          isolation: { detail: 'alpha isolation' },
        })
      })

      it('come with inventory, gaps and commands', async () => {
        const endpoint = EndpointDetail.parse((await admin.ask('GET', `/api/endpoints/${own.endpoint}`)).body)
        expect(endpoint).toMatchObject({
          inventory: { hardware: { serial: 'alpha-serial' } },
          gaps: [{ lane: 'samples', why: 'alpha gap', fromSeq: 1, toSeq: 2, count: 2, noticedAt: now }],
          refused: [{ lane: 'signals', seq: 7, reason: 'alpha reason', raw: '{"mark":"alpha"}', receivedAt: now }],
          missing: [
            { lane: 'signals', lost: 0, refused: 1 },
            { lane: 'samples', lost: 2, refused: 0 },
          ],
          commands: [{ id: own.command, verb: 'isolate-host', status: 'held' }],
        })
      })

      describe('answer health', () => {
        const bodyAt = (at: number, busyRatio: number) =>
          JSON.stringify({
            ...{ at, processor: { busyRatio, load1: 0, load5: 0, load15: 0 }, disks: [], networks: [], uptimeSeconds: 1 },
            memory: { totalBytes: 1, availableBytes: 1, swapTotalBytes: 0, swapUsedBytes: 0 },
          })
        const read = async (from: number, to: number) => {
          const { status, body } = await admin.ask('GET', `/api/endpoints/${own.endpoint}/samples?from=${from}&to=${to}`)
          expect(status).toBe(200)
          return SampleList.parse(body)
        }
        const put = <Table extends 'samples' | 'rollups'>(table: Table, rows: Insertable<Database[Table]>[]) =>
          console_.store.db.transaction().execute((tx) => console_.store.capabilities.putRows(tx, table, rows, 'ignore'))

        it('by samples for a short range, oldest first, thinned where there are more than a chart can show', async () => {
          const at = (nth: number) => now - hours(30) + nth * 1_000
          const rows = Array.from({ length: 4_000 }, (_, nth) => ({ endpoint_id: own.endpoint, at: at(nth), body: bodyAt(at(nth), 0) }))
          await put('samples', rows)
          const few = await read(at(10), at(12))
          expect(few.kind === 'raw' && few.samples.map((sample) => sample.at)).toEqual([at(10), at(11), at(12)])
          const many = await read(at(0), at(3_999))
          const instants = many.kind === 'raw' ? many.samples.map((sample) => sample.at) : []
          expect(instants.length).toBeGreaterThan(1_300)
          expect(instants.length).toBeLessThanOrEqual(1_500)
          expect(instants.slice(0, 2)).toEqual([at(0), at(3)])
        })

        it('by samples that are stored together, those inside of the range alone', async () => {
          const first = slotOf(now - hours(35), minutes(5)) + minutes(2)
          const samples = Array.from({ length: 6 }, (_, nth) => JSON.parse(bodyAt(first + nth * 10_000, nth / 10)))
          const [columns] = columnsOf(samples)
          await put('samples', [{ endpoint_id: own.endpoint, at: first, body: JSON.stringify(columns) }])
          const answer = await read(first + 20_000, first + 40_000)
          expect(answer).toEqual({ kind: 'raw', samples: samples.slice(2, 5) })
        })

        it('by the step that fits the range, and by what is still kept of its beginning', async () => {
          const stepOf = async (from: number, to: number) => {
            const answer = await read(from, to)
            return answer.kind === 'raw' ? 0 : answer.stepMs
          }
          const spans = [minutes(15), hours(1), days(1), days(7), days(90), days(400)]
          expect(await Promise.all(spans.map((span) => stepOf(now - span, now)))).toEqual([0, 0, minutes(5), hours(1), hours(4), hours(16)])
          const agoOf = (ago: number) => stepOf(now - ago, now - ago + hours(1))
          expect([await agoOf(days(1)), await agoOf(days(3)), await agoOf(days(31))]).toEqual([0, minutes(5), hours(1)])
        })

        it('by roll-ups with minimum, mean and maximum of a range that ended before the oldest sample', async () => {
          const at = slotOf(now, hours(1)) - days(20)
          const body = JSON.stringify({ 'processor.busyRatio': [0.1, 0.2, 0.9, 30] })
          await put('rollups', [{ endpoint_id: own.endpoint, step_ms: minutes(5), at, samples: 30, body }])
          const measures = [{ name: 'processor.busyRatio', min: [0.1], mean: [0.2], max: [0.9] }]
          expect(await read(at, at + hours(1))).toEqual({ kind: 'rolled', stepMs: minutes(5), at: [at], measures })
        })

        it('by roll-ups, several to a point, and of the newest by whatever there is', async () => {
          const start = slotOf(now, hours(12)) - days(60)
          const rollup = (at: number, step_ms: number, spread: [number, number, number, number]) => ({
            ...{ endpoint_id: own.endpoint, step_ms, at, samples: spread[3], body: JSON.stringify({ 'processor.busyRatio': spread }) },
          })
          await put('rollups', [
            rollup(start, hours(1), [0.1, 0.2, 0.3, 360]),
            rollup(start + hours(1), hours(1), [0.2, 0.5, 0.9, 180]),
            rollup(start + hours(4), hours(1), [0.4, 0.4, 0.4, 360]),
            rollup(start + hours(5), minutes(5), [0, 0.1, 0.2, 30]),
            rollup(start + hours(8), minutes(5), [0.6, 0.7, 0.8, 30]),
          ])
          const answer = await read(start, start + days(70))
          if (answer.kind === 'raw') throw new Error('too many samples')
          const busy = answer.measures.find(({ name }) => name === 'processor.busyRatio')
          expect(answer).toMatchObject({ stepMs: hours(3), at: expect.arrayContaining([start]) })
          expect([busy?.min[0], busy?.mean[0], busy?.max[0]]).toEqual([0.1, expect.closeTo(0.3), 0.9])
          const fromFiner = answer.at.indexOf(slotOf(start + hours(8), hours(3)))
          expect(busy?.mean[fromFiner]).toBeCloseTo(0.7)
          expect(answer.at.at(-1)).toBe(slotOf(now, hours(3)))
        })
      })
    })

    describe('changes', () => {
      it('reach the room that owns them, with who asked', async () => {
        console_.asked.length = 0
        await admin.ask('POST', `/api/tickets/${own.ticket}/resolve`, { version: 1, resolution: 'fixed', note: 'cleaned' })
        await admin.ask('DELETE', `/api/endpoints/${own.endpoint}`)
        const person = { id: expect.any(String), name: 'Ada', record: expect.any(Function) }
        expect(console_.asked).toEqual([
          ['desk.resolve', { ticketId: own.ticket, version: 1, resolution: 'fixed', note: 'cleaned', person }],
          ['identity.revoke', own.endpoint, expect.any(Function)],
          ['wire.disconnect', own.endpoint, 4403, expect.any(String)],
        ])
      })

      it('are audited with who, what, of which organisation, and no secret', async () => {
        await admin.ask('POST', '/api/people', {
          name: 'Eve',
          login: 'eve',
          password: 'a secret of Eve',
          teams: [],
          organisationId: own.organisation,
        })
        await admin.ask('POST', `/api/tickets/${other.ticket}/isolate`, { version: 1, reason: 'it burns' })
        const audit = console_.store.db.selectFrom('audit').innerJoin('audit_payloads', 'audit_id', 'audit.id')
        const lines = await audit.selectAll().orderBy('audit.id').execute()
        const told = lines.map(({ action, target, organisation_id, detail }) => ({
          ...{ action, target, organisation_id },
          detail: JSON.parse(detail) as unknown,
        }))
        expect(told).toContainEqual({
          action: 'person.sign-in',
          target: expect.stringMatching(/^person:.{36}$/),
          organisation_id: null,
          detail: { via: 'session', address: '127.0.0.1', login: 'ada' },
        })
        expect(told).toContainEqual({
          action: 'ticket.isolate',
          target: `ticket:${other.ticket}`,
          organisation_id: other.organisation,
          detail: { via: 'session', address: '127.0.0.1', reason: 'it burns' },
        })
        expect(JSON.stringify(lines)).not.toContain('a secret of Eve')
      })
    })

    describe('a power that holds for some machines only', () => {
      it('counts for a ticket about such a machine, and for no other', async () => {
        await addPerson(console_, { login: 'second', teams: ['tier2'], isAdmin: false })
        const second = await signedIn(console_.url, 'second')
        const asking = await addOrganisation(console_, 'gamma')
        await console_.store.db.updateTable('tickets').set({ containment: 'asked' }).where('id', '=', asking.ticket).execute()
        const leave = () => second.ask('POST', `/api/tickets/${asking.ticket}/leave`, { version: 1, reason: 'it is a drill' })
        expect(await leave()).toMatchObject({ status: 403, body: { code: 'power-missing' } })
        await console_.store.db.updateTable('endpoints').set({ confirmed_role: 'workstation' }).where('id', '=', asking.endpoint).execute()
        expect((await leave()).status).toBe(200)
      })

      it('is enough for the yes to a question while it is pending, and the ticket tells so', async () => {
        await addPerson(console_, { login: 'answering', teams: ['tier2'], isAdmin: false })
        const second = await signedIn(console_.url, 'answering')
        const { ticket, endpoint } = await addOrganisation(console_, 'delta')
        const isolate = (version: number) => second.ask('POST', `/api/tickets/${ticket}/isolate`, { version, reason: 'it burns' })
        const may = async () => TicketDetail.parse((await second.ask('GET', `/api/tickets/${ticket}`)).body).may
        const { db } = console_.store
        await db.updateTable('endpoints').set({ confirmed_role: 'workstation' }).where('id', '=', endpoint).execute()
        expect(await isolate(1)).toMatchObject({ status: 403, body: { code: 'power-missing' } })
        expect(await may()).not.toContain('isolate')
        await db.updateTable('tickets').set({ containment: 'asked' }).where('id', '=', ticket).execute()
        expect(await may()).toContain('isolate')
        const answer = TicketDetail.parse((await isolate(1)).body)
        expect(answer).toMatchObject({ containment: 'answered', isolation: { desired: 'isolated' } })
        expect(answer.may).not.toContain('isolate')
        expect((await second.ask('POST', `/api/endpoints/${endpoint}/isolate`, { reason: 'again' })).status).toBe(403)
        expect((await second.ask('POST', `/api/tickets/${ticket}/release`, { version: answer.version, reason: 'back' })).status).toBe(403)
      })
    })

    describe('a line that enrols', () => {
      it('says so when no other machine can reach the collector', async () => {
        const { body } = await admin.ask('POST', '/api/enrolment-tokens', { organisationId: own.organisation, siteId: own.site })
        expect(body).toMatchObject({
          line: expect.stringMatching(/^echo tl1\.[\w-]+ \| npm run -s agent -- enrol && npm run -s agent -- run$/),
          warning: expect.stringContaining('--public-url'),
        })
      })
    })

    describe('an Idempotency-Key', () => {
      it('that comes many times at once has one effect', async () => {
        const create = () =>
          admin.ask('POST', '/api/organisations', { name: 'Once', timeZone: 'Europe/Berlin' }, { 'idempotency-key': 'once-and-only' })
        const answers = await Promise.all(Array.from({ length: 5 }, create))
        expect(new Set(answers.map(({ text }) => text)).size).toBe(1)
        expect(answers[0]?.status).toBe(201)
      })
    })
  })
