import { randomUUIDv7 } from 'node:crypto'
import type { Store } from '../../../server/store/store.ts'
import { addBulk } from './bulk-world.ts'
import { addPerson } from './persons.ts'
import { addException, addWindow } from './quiet-world.ts'
import { addStanding } from './standing-world.ts'
import type { TestConsole } from './start-console.ts'

/** Everything that one organisation can have, each piece marked with its name. */
export interface Belongings {
  mark: string
  organisation: string
  site: string
  endpoint: string
  ticket: string
  person: string
  source: string
  receiver: string
  token: string
  /** That a restore holds. */
  command: string
  bulk: string
  window: string
  exception: string
  standing: string
}

export async function addOrganisation(console: TestConsole, mark: string): Promise<Belongings> {
  const { store, people, time } = console
  const organisation = await people.createOrganisation({
    name: `${mark} organisation`,
    mode: 'live',
    plan: 'standard',
    timeZone: 'Europe/Berlin',
  })
  const site = await people.createSite({ organisationId: organisation, name: `${mark} site`, timeZone: null })
  const person = await addPerson(console, { login: `${mark}-admin`, name: `${mark} admin`, organisationId: organisation })
  const { id: source } = await people.createSource({ organisationId: organisation, name: `${mark} source` })
  const { id: token } = await people.createApiToken({ personId: person, name: `${mark} token` })
  const endpoint = await addEndpoint(store, time.now(), { mark, organisation, site })
  const ticket = await addTicket(store, time.now(), { mark, organisation, site, endpoint })
  const receiver = randomUUIDv7()
  await store.db
    .insertInto('receivers')
    .values({
      id: receiver,
      name: `${mark} receiver`,
      notifier: 'webhook',
      settings: '{}',
      organisation_id: organisation,
      created_at: time.now(),
      disabled_at: null,
    })
    .execute()
  const command = await addHeldCommand(store, time.now(), { mark, organisation, endpoint, ticket })
  const bulk = await addBulk(store, time.now(), { mark, organisation, endpoint })
  const window = await addWindow(store, time.now(), { mark, organisation })
  const exception = await addException(store, time.now(), { mark, organisation, ticket })
  const standing = await addStanding(store, time.now(), { mark, organisation })
  return { mark, organisation, site, endpoint, ticket, person, source, receiver, token, command, bulk, window, exception, standing }
}

async function addHeldCommand(
  { db }: Store,
  now: number,
  { mark, organisation, endpoint, ticket }: Pick<Belongings, 'mark' | 'organisation' | 'endpoint' | 'ticket'>,
): Promise<string> {
  const id = randomUUIDv7()
  const about = {
    organisation_id: organisation,
    endpoint_id: endpoint,
    ticket_id: ticket,
    requested_by: 'system',
    reason: `${mark} reason`,
  }
  const open = { jws: null, sent_at: null, delivered_at: null, settled_at: null, result: null }
  await db
    .insertInto('commands')
    .values({
      id,
      ...about,
      ...open,
      verb: 'isolate-host',
      args: '{}',
      risk: 'protective',
      status: 'held',
      requested_at: now,
      expires_at: now,
    })
    .execute()
  return id
}

interface Where {
  mark: string
  organisation: string
  site: string
}

async function addEndpoint({ db }: Store, now: number, { mark, organisation, site }: Where): Promise<string> {
  const id = randomUUIDv7()
  await db
    .insertInto('endpoints')
    .values({
      id,
      organisation_id: organisation,
      site_id: site,
      hostname: `${mark}-host`,
      platform: 'linux',
      confirmed_role: null,
      enrolled_at: now,
      removed_at: null,
    })
    .execute()
  await db
    .insertInto('inventories')
    .values({ endpoint_id: id, at: now, role: 'server', agent_version: '0.1.0', body: inventory(mark) })
    .execute()
  await db
    .insertInto('presences')
    .values({ endpoint_id: id, is_connected: 1, changed_at: now, last_heard_at: now, goodbye: null, agent_version: '0.1.0' })
    .execute()
  await db
    .insertInto('isolations')
    .values({
      endpoint_id: id,
      desired: 'open',
      desired_at: now,
      desired_by: 'system',
      actual: 'open',
      actual_at: now,
      is_ready: 1,
      detail: `${mark} isolation`,
      proof: null,
    })
    .execute()
  await db
    .insertInto('gaps')
    .values({
      id: randomUUIDv7(),
      endpoint_id: id,
      epoch: 'epoch-one',
      lane: 'samples',
      from_seq: 1,
      to_seq: 2,
      why: `${mark} gap`,
      noticed_at: now,
    })
    .execute()
  await db
    .insertInto('refused_records')
    .values({
      ...{ id: randomUUIDv7(), endpoint_id: id, epoch: 'epoch-one', lane: 'signals', seq: 7 },
      ...{ reason: `${mark} reason`, raw: JSON.stringify({ mark }), received_at: now },
    })
    .execute()
  await db
    .insertInto('samples')
    .values(Array.from({ length: 3 }, (_, nth) => ({ endpoint_id: id, at: now - nth * 10_000, body: sample(now - nth * 10_000, mark) })))
    .execute()
  return id
}

async function addTicket(
  { db }: Store,
  now: number,
  { mark, organisation, site, endpoint }: Where & { endpoint: string },
): Promise<string> {
  const id = randomUUIDv7()
  const { next } = await db
    .selectFrom('tickets')
    .select((count) => count.fn.countAll<number>().as('next'))
    .executeTakeFirstOrThrow()
  await db
    .insertInto('tickets')
    .values({
      ...{ id, number: Number(next) + 1, organisation_id: organisation, site_id: site, endpoint_id: endpoint, source_id: null },
      ...{
        fingerprint: 'disk-full:/var',
        kind: 'health.disk.full',
        severity: 'medium',
        title: `${mark} disk is full`,
        status: 'new',
        resolution: null,
      },
      ...{
        impact: 'medium',
        urgency: 'medium',
        priority: 'P3',
        tier: 'tier1',
        team: 'tier1',
        owner_id: null,
        occurrences: 1,
        is_standing: 1,
        containment: 'none',
      },
      ...{
        opened_at: now,
        came_at: now,
        last_signal_at: now,
        acknowledged_at: null,
        touched_at: null,
        resolved_at: null,
        in_tier_since: now,
      },
      ...{
        respond_by: now + 7_200_000,
        resolve_by: now + 72_000_000,
        responded_at: null,
        matrix_version: 1,
        plan_version: 1,
        rule: 'disk-full',
        reasons: `["${mark} reason"]`,
        version: 1,
      },
    })
    .execute()
  await db
    .insertInto('timeline')
    .values({
      id: randomUUIDv7(),
      ticket_id: id,
      at: now,
      kind: 'opened',
      actor: 'system',
      body: JSON.stringify({ summary: `${mark} summary` }),
    })
    .execute()
  await db
    .insertInto('signals')
    .values({
      ...{
        id: randomUUIDv7(),
        organisation_id: organisation,
        endpoint_id: endpoint,
        source_id: null,
        kind: 'health.disk.full',
        severity: 'medium',
        state: 'raised',
      },
      ...{ fingerprint: 'disk-full:/var', about: '/var', summary: `${mark} summary`, facts: '{}', evidence: '[]', detector: 'disk-full' },
      ...{ sensed_at: now, received_at: now, age_ms: 0, origin: 'sent', handled_at: now, outcome: 'ticket', ticket_id: id },
    })
    .execute()
  await db
    .insertInto('timers')
    .values({
      id: randomUUIDv7(),
      ticket_id: id,
      kind: 'respond-due',
      due_at: now + 7_200_000,
      payload: '{}',
      created_at: now,
      fired_at: null,
      cancelled_at: null,
    })
    .execute()
  return id
}

function inventory(mark: string): string {
  return JSON.stringify({
    hostname: `${mark}-host`,
    platform: 'linux',
    system: { name: 'Debian', version: '13', kernel: '6.12', architecture: 'x64' },
    hardware: {
      manufacturer: '',
      model: '',
      serial: `${mark}-serial`,
      chassis: '',
      processor: '',
      cores: 2,
      memoryBytes: 1,
      isVirtual: true,
    },
    disks: [],
    interfaces: [],
    role: { role: 'server', reasons: [] },
    agent: { version: '0.1.0', runtime: 'node', isolation: { isReady: true }, canaries: [] },
  })
}

function sample(at: number, mark: string): string {
  return JSON.stringify({
    at,
    processor: { busyRatio: 0.5, load1: 1, load5: 1, load15: 1 },
    memory: { totalBytes: 2, availableBytes: 1, swapTotalBytes: 0, swapUsedBytes: 0 },
    disks: [{ mount: `/${mark}`, totalBytes: 2, freeBytes: 1, usedRatio: 0.5 }],
    networks: [],
    uptimeSeconds: 1,
  })
}
