import { password } from '../persons.ts'
import { type Acts, type ActsRoom, on } from './acts.ts'

const slot = { team: 'tier1', timeZone: 'UTC' }
const future = { from: 0, until: 4_000_000_000_000 }

/** What the office does: people, keys, plans, texts. */
export const officeActs = (room: ActsRoom): Acts => ({
  'organisation.create': on(
    'POST',
    () => '/api/organisations',
    () => ({ name: 'Another', timeZone: 'Europe/Berlin' }),
  ),
  'organisation.add-site': on(
    'POST',
    () => `/api/organisations/${room.own.organisation}/sites`,
    () => ({ name: 'Another' }),
  ),
  'organisation.change': on(
    'PATCH',
    () => `/api/organisations/${room.own.organisation}`,
    () => ({ mode: 'observe' }),
  ),
  'person.create': on(
    'POST',
    () => '/api/people',
    () => ({
      ...{ name: 'Eva', login: 'eva', password: 'twelve letters or more', teams: [], organisationId: room.own.organisation },
    }),
  ),
  'person.describe': on(
    'PATCH',
    () => `/api/people/${room.own.person}`,
    () => ({ skills: ['network'], leads: [], wipLimit: 3 }),
  ),
  'person.away': on(
    'POST',
    () => `/api/people/${room.own.person}/away`,
    () => future,
  ),
  'person.back': on('DELETE', () => `/api/people/${room.own.person}/away`),
  'requester.put': on(
    'POST',
    () => '/api/requesters',
    () => ({ organisationId: room.own.organisation, name: 'Ida', mail: 'ida@room.own.example' }),
  ),
  'token.create': on(
    'POST',
    () => '/api/tokens',
    () => ({ name: 'script' }),
  ),
  'token.confirm': on('POST', () => `/api/restored/tokens/${room.own.token}/confirm`),
  'token.revoke': on('DELETE', () => `/api/tokens/${room.made['token.create']}`),
  'source.create': on(
    'POST',
    () => '/api/sources',
    () => ({ organisationId: room.own.organisation, name: 'firewall' }),
  ),
  'source.confirm': on('POST', () => `/api/restored/sources/${room.own.source}/confirm`),
  'source.revoke': on('DELETE', () => `/api/sources/${room.own.source}`),
  'receiver.create': on(
    'POST',
    () => '/api/receivers',
    () => ({
      ...{ name: 'hook', notifier: 'webhook', url: 'https://hook.example/x', organisationId: room.own.organisation },
    }),
  ),
  'receiver.disable': on('DELETE', () => `/api/receivers/${room.own.receiver}`),
  'enrolment-token.create': on(
    'POST',
    () => '/api/enrolment-tokens',
    () => ({ organisationId: room.own.organisation }),
  ),
  'shift.create': on(
    'POST',
    () => '/api/shifts',
    () => ({ ...slot, personId: room.own.person, days: ['mon'], from: '08:00', to: '18:00' }),
  ),
  'shift.remove': on('DELETE', () => `/api/shifts/${room.made['shift.create']}`),
  'rotation.create': on(
    'POST',
    () => '/api/rotations',
    () => ({ ...slot, people: [room.own.person], startsOn: '2026-11-23', handOver: '09:00' }),
  ),
  'rotation.remove': on('DELETE', () => `/api/rotations/${room.made['rotation.create']}`),
  'on-call.override': on(
    'POST',
    () => '/api/on-call-overrides',
    () => ({ team: 'tier1', personId: room.own.person, ...future }),
  ),
  'on-call.override-end': on('DELETE', () => `/api/on-call-overrides/${room.made['on-call.override']}`),
  'window.plan': on(
    'POST',
    () => '/api/maintenance-windows',
    () => ({
      ...{ organisationId: room.own.organisation, name: 'x', minutes: 9, startsAt: future.until },
    }),
  ),
  'window.end': async () => ['POST', `/api/maintenance-windows/${await openWindow(room)}/end`],
  'window.remove': on('DELETE', () => `/api/maintenance-windows/${room.made['window.plan']}`),
  'script.write': on(
    'POST',
    () => '/api/scripts',
    () => ({ name: 'one', text: 'true' }),
  ),
  'script.review': async () => ['POST', `/api/scripts/${room.made['script.write']}/review`, { sha256: await writtenByBob(room) }],
  'script.retire': on('DELETE', () => `/api/scripts/${room.made['script.write']}`),
  'endpoint.adopt': async () => [
    'POST',
    `/api/restored/endpoints/${await forgotten(room)}/adopt`,
    { organisationId: room.own.organisation },
  ],
  'person.change-password': on(
    'POST',
    () => '/api/session/password',
    () => ({ current: password, next: 'twelve letters or more' }),
  ),
})

async function openWindow(room: ActsRoom): Promise<string> {
  const now = room.console.time.now()
  const times = { opens_at: now - 1, closes_at: now + 60_000, days: '[]', at_time: '' }
  await room.console.store.db.updateTable('maintenance_windows').set(times).where('id', '=', room.own.window).execute()
  return room.own.window
}
/** Somebody else's, so that it can be reviewed. @returns its hash. */
async function writtenByBob(room: ActsRoom): Promise<string> {
  const script = room.console.store.db
    .updateTable('scripts')
    .set({ written_by: room.own.person })
    .where('id', '=', room.made['script.write'] ?? '')
  return (await script.returning('sha256').executeTakeFirstOrThrow()).sha256
}
async function forgotten(room: ActsRoom): Promise<string> {
  const [endpoint_id, at] = ['forgotten', room.console.time.now()]
  const shown = {
    endpoint_id,
    serial: 'abcd',
    not_before: at,
    not_after: at + 1,
    hostname: 'pc',
    platform: 'linux' as const,
    address: '::1',
  }
  const row = { ...shown, first_seen_at: at, last_seen_at: at, adopted_at: null }
  await room.console.store.db.insertInto('forgotten_endpoints').values(row).execute()
  return endpoint_id
}
