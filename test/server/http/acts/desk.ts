import { type Acts, type ActsRoom, onEndpoint, onTicket } from './acts.ts'

const reason = 'to try'

/** What people do about tickets and machines. */
export const deskActs = (room: ActsRoom): Acts => ({
  'ticket.create': () => [
    'POST',
    '/api/tickets',
    { organisationId: room.own.organisation, kind: 'request.other', title: 'Help', note: '' },
  ],
  'ticket.acknowledge': onTicket(room, 'acknowledge', {}),
  'ticket.comments': onTicket(room, 'comments', { text: 'hello' }),
  'ticket.cause': onTicket(room, 'cause', { cause: 'software', note: reason }),
  'ticket.wait': onTicket(room, 'wait', { waitingFor: 'customer', note: reason }),
  'ticket.resume': onTicket(room, 'resume', { note: reason }),
  'ticket.escalate': onTicket(room, 'escalate', { reason: 'expertise', tried: 'turned it off and on again' }),
  'ticket.security': onTicket(room, 'security', {}),
  'ticket.isolate': onTicket(room, 'isolate', { reason }),
  'ticket.release': onTicket(room, 'release', { reason }),
  'command.ask': onEndpoint(room, 'commands', { verb: 'ping', args: {}, reason }),
  'command.drop': () => ['POST', `/api/commands/${room.own.command}/drop`],
  'bulk.ask': () => [
    ...(['POST', '/api/bulk'] as const),
    { organisationId: room.own.organisation, verb: 'ping', args: {}, endpoints: [room.own.endpoint], reason },
  ],
  'bulk.stop': async () => ['POST', `/api/bulk/${await bulkIs(room, 'running')}/stop`, { reason }],
  'bulk.go-on': async () => ['POST', `/api/bulk/${await bulkIs(room, 'stopped')}/go-on`, { reason }],
  'bulk.end': () => ['POST', `/api/bulk/${room.own.bulk}/end`, { reason }],
  'standing.ask': () => [
    'POST',
    '/api/standing-orders',
    { organisationId: room.own.organisation, draft: 'restart-failed-service', reason },
  ],
  'standing.withdraw': () => ['POST', `/api/standing-orders/${room.own.standing}/withdraw`, { reason }],
  'containment.stop': () => ['POST', '/api/containment/stop', { organisationId: room.own.organisation }],
  'organisation.scripts': () => ['POST', `/api/organisations/${room.own.organisation}/scripts`, { isOff: true }],
  'exception.end': () => ['DELETE', `/api/noise-exceptions/${room.own.exception}`],
  'ticket.resolve': onTicket(room, 'resolve', { resolution: 'fixed', note: reason }),
  'ticket.reopen': onTicket(room, 'reopen', { note: reason }),
  'person.disable': () => ['DELETE', `/api/people/${room.own.person}`],
  'endpoint.isolate': onEndpoint(room, 'isolate', { reason }),
  'endpoint.confirm-role': () => ['PATCH', `/api/endpoints/${room.own.endpoint}`, { role: 'server', tags: ['till'] }],
  'endpoint.release': onEndpoint(room, 'release', { reason }),
  'endpoint.revoke': () => ['DELETE', `/api/endpoints/${room.own.endpoint}`],
})

async function bulkIs(room: ActsRoom, status: 'running' | 'stopped'): Promise<string> {
  await room.console.store.db.updateTable('bulks').set({ status }).where('id', '=', room.own.bulk).execute()
  return room.own.bulk
}
