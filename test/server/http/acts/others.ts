import { randomUUIDv7 } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { minutes } from '#shared/domain/time.ts'
import { matrixFile } from '../../../support/desk-room.ts'
import { password } from '../persons.ts'
import { signedIn, visit } from '../visitor.ts'
import { type Acts, type ActsRoom, on, onTicket } from './acts.ts'

const reason = 'to try'

/** What comes seldom: what was there before us, false alarms, mails, texts that decide, whoever comes and goes. */
export const otherActs = (room: ActsRoom): Acts => ({
  'ticket.found': async () => onTicket(room, 'found', { lines: [await foundLine(room)], decision: 'accept' }, 'other')(),
  'ticket.leave': async () => {
    await ticketIs(room, { containment: 'asked' })
    return onTicket(room, 'leave', { reason }, 'other')()
  },
  'ticket.children': async () => {
    await ticketIs(room, { gathers: 'site', gathering: 'on' })
    await room.console.store.db
      .updateTable('tickets')
      .set({ parent_id: room.other.ticket, gathered_by: 'site' })
      .where('id', '=', room.own.ticket)
      .execute()
    return onTicket(room, 'children', { act: 'raise', note: reason }, 'other')()
  },
  'ticket.false-alarm': async () => {
    await ticketIs(room, { gathers: null, gathering: null })
    return onTicket(room, 'false-alarm', { reason }, 'other')()
  },
  'ticket.noise': onTicket(room, 'noise', { reason }, 'other'),
  'ticket.request': async () => [
    ...(['POST', '/api/requests', { title: 'Help', canCarryOn: 'yes' }] as const),
    await signedIn(room.console.url, 'other-admin'),
  ],
  'detector.arm': async () => ['POST', `/api/disarmed-detectors/${await disarmed(room)}/arm`],
  'command.send': on('POST', () => `/api/commands/${room.other.command}/send`),
  'command.outcome': async () => {
    const unknown = { status: 'unknown', settled_at: room.console.time.now() } as const
    await room.console.store.db.updateTable('commands').set(unknown).where('id', '=', room.other.command).execute()
    return ['POST', `/api/commands/${room.other.command}/outcome`, { outcome: 'succeeded', note: reason }]
  },
  'mail.take': async () => ['POST', '/api/mails/take', { mail: await heldMail(room, 'taken'), ticketId: room.own.ticket }],
  'mail.drop': async () => ['POST', '/api/mails/drop', { mail: await heldMail(room, 'dropped') }],
  'matrix.put': async () => ['PUT', '/api/matrix', { yaml: `${await readFile(matrixFile, 'utf8')}\n# tried` }],
  'matrix.replan': on('POST', () => '/api/matrix/replan'),
  'policy.put': on(
    'PUT',
    () => '/api/policy',
    () => ({ yaml: 'policies:\n  - samples: { everySeconds: 60 }\n' }),
  ),
  'person.sign-in': () => ['POST', '/api/session', { login: 'bob', password }, visit(room.console.url)],
  'person.sign-out': async () => ['DELETE', '/api/session', undefined, await signedIn(room.console.url, 'bob')],
})

const ticketIs = (room: ActsRoom, is: { containment?: 'asked'; gathers?: 'site' | null; gathering?: 'on' | null }) =>
  room.console.store.db.updateTable('tickets').set(is).where('id', '=', room.other.ticket).execute()

async function foundLine(room: ActsRoom): Promise<string> {
  const { console, other } = room
  const [id, at] = [randomUUIDv7(), console.time.now()]
  const about = { organisation_id: other.organisation, ticket_id: other.ticket, endpoint_id: other.endpoint, signal_id: randomUUIDv7() }
  const said = { fingerprint: 'disk-full:/', kind: 'health.disk.full', severity: 'medium', summary: 'full', at } as const
  const undecided = { decision: null, decided_at: null, decided_by: null }
  await console.store.db
    .insertInto('found_lines')
    .values({ id, ...about, ...said, ...undecided })
    .execute()
  return id
}

async function disarmed({ console }: ActsRoom): Promise<string> {
  const row = {
    id: randomUUIDv7(),
    detector: 'canary',
    kind: 'security.ransomware.canary',
    rule: 'canaries',
    armed_at: null,
    armed_by: null,
  }
  await console.store.db
    .insertInto('disarmed_detectors')
    .values({ ...row, disarmed_at: console.time.now() - minutes(1) })
    .execute()
  return row.id
}

async function heldMail({ console }: ActsRoom, id: string): Promise<string> {
  const mail = { id, status: 'held', reason: 'nobody knows its sender', sender: 'x@example.org', subject: 'x', text: 'x' } as const
  await console.store.db
    .insertInto('mails')
    .values({ ...mail, ticket_id: null, received_at: console.time.now() })
    .execute()
  return id
}
