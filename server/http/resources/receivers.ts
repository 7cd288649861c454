import { z } from 'zod'
import { NewReceiver, ReceiverList, ReceiverMade } from '#shared/api/administration.ts'
import type { Needs } from '../needs.ts'
import { defineRoute, type Route } from '../route.ts'

export default function receivers({ receivers }: Needs): Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/receivers',
      summary: 'Who is told by webhook',
      access: { who: 'person', power: 'administer', reach: 'organisation' },
      answer: ReceiverList,
      handle: async ({ by }) => {
        const rows = await by.view
          .receivers()
          .select(['id', 'name', 'notifier', 'organisation_id'])
          .where('disabled_at', 'is', null)
          .orderBy('name')
          .orderBy('id')
          .execute()
        return {
          receivers: rows.map(({ id, name, notifier, organisation_id }) => ({ id, name, notifier, organisationId: organisation_id })),
        }
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/api/receivers',
      summary: 'Tell somebody by webhook',
      // The collector makes the call, from inside the provider's network: a customer's admin could aim it at what stands there.
      access: { who: 'person', power: 'administer', reach: 'provider' },
      names: { 'body.organisationId': 'organisation' },
      action: 'receiver.create',
      creates: 'secret',
      body: NewReceiver,
      answer: ReceiverMade,
      status: 201,
      handle: ({ body }) => receivers.create(body),
    }),
    defineRoute({
      method: 'DELETE',
      path: '/api/receivers/:id',
      summary: 'Tell them no more',
      access: { who: 'person', power: 'administer', reach: 'organisation' },
      names: { 'params.id': 'receiver' },
      action: 'receiver.disable',
      params: z.object({ id: z.string().max(64) }),
      answer: z.void(),
      status: 204,
      handle: async ({ params }) => {
        await receivers.disable(params.id)
      },
    }),
  ]
}
