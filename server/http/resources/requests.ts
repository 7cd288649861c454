import type { z } from 'zod'
import { NewRequest, PutRequester, Requester, RequesterList, RequesterQuery, urgencyOf } from '#shared/api/requests.ts'
import { TicketDetail } from '#shared/api/tickets.ts'
import type { Vip } from '../../pipeline/changes.ts'
import type { Needs } from '../needs.ts'
import { refuse } from '../problems.ts'
import { demandKnownAddress } from '../reads/known-address.ts'
import { defineRoute, type Route } from '../route.ts'
import { detailOf } from './tickets.ts'

/** People of customers who ask for something, by themselves or through a technician. */
export default function requests(needs: Needs): Route[] {
  const { desk } = needs
  const detail = detailOf(needs)
  return [
    defineRoute({
      method: 'POST',
      path: '/api/requests',
      summary: 'Ask for help, for oneself',
      access: { who: 'person', power: null, reach: 'own' },
      names: { 'body.endpointId': 'endpoint' },
      action: 'ticket.request',
      creates: 'thing',
      body: NewRequest,
      answer: TicketDetail,
      status: 201,
      handle: async ({ body: { canCarryOn, endpointId, ...asked }, by }) => {
        const { organisationId, name, login } = by.caller
        if (organisationId === null) throw refuse('refused', 'You are of the provider: open a ticket, and say who asks for it.')
        const about = { ...asked, ...(endpointId !== undefined && { endpointId }) }
        const id = await desk.open({
          ...about,
          organisationId,
          urgency: urgencyOf[canCarryOn],
          requester: { name, mail: login },
          ...(by.record && { record: by.record }),
        })
        return detail(by, id)
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/api/requesters',
      summary: 'Who asks for something, by name',
      access: { who: 'person', power: 'work-tickets', reach: 'organisation' },
      names: { 'query.organisationId': 'organisation' },
      query: RequesterQuery,
      answer: RequesterList,
      handle: async ({ query: { organisationId }, by }) => {
        const all = by.view.requesters().selectAll('requesters').orderBy('name').orderBy('id').limit(500)
        const rows = await (organisationId === undefined ? all : all.where('organisation_id', '=', organisationId)).execute()
        const names = await by.view.namesOf(rows.flatMap(({ technician_id }) => technician_id ?? []))
        return {
          requesters: rows.map(({ id, organisation_id, name, mail, language, time_zone, is_vip, technician_id: technicianId }) => ({
            ...{
              id,
              organisationId: organisation_id,
              name,
              mail,
              language,
              timeZone: time_zone,
              vip: named(is_vip === 1 ? { technicianId } : null, names),
            },
          })),
        }
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/api/requesters',
      summary: 'Say who somebody is who asks: name, language, time zone',
      access: { who: 'person', power: 'work-tickets', reach: 'organisation' },
      names: { 'body.organisationId': 'organisation' },
      action: 'requester.put',
      body: PutRequester,
      answer: Requester,
      handle: async ({ body, by }) => {
        await demandKnownAddress(by, body.organisationId, body.mail)
        if (body.vip !== undefined && by.caller.scope !== 'all') throw refuse('provider-only', 'Who is a VIP the provider says: ask them.')
        const put = await desk.putRequester(body, by.record)
        if (put.kind === 'refused') throw refuse('refused', put.reason)
        const { vip = null, ...requester } = put.requester
        const names = await by.view.namesOf(vip?.technicianId == null ? [] : [vip.technicianId])
        return { ...requester, organisationId: body.organisationId, vip: named(vip, names) }
      },
    }),
  ]
}

const named = (vip: Vip | null, names: ReadonlyMap<string, string>): z.output<typeof Requester>['vip'] =>
  vip && { ...vip, technician: vip.technicianId === null ? null : (names.get(vip.technicianId) ?? null) }
