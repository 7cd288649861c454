import { z } from 'zod'
import { NewReceiver, ReceiverList, ReceiverMade } from '#shared/api/administration.ts'
import type { Needs } from '../needs.ts'
import { refuse } from '../problems.ts'
import { defineRoute, type Route } from '../route.ts'

export default function receivers({ receivers }: Needs): Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/receivers',
      summary: 'Who is told outside of the console, and how',
      access: { who: 'person', power: 'administer', reach: 'organisation' },
      answer: ReceiverList,
      handle: async ({ by }) => {
        const rows = await by.view
          .receivers()
          .select(['id', 'name', 'notifier', 'organisation_id', 'audience', 'person_id', 'rank', 'team'])
          .where('disabled_at', 'is', null)
          // Whoever asks for something is known as a requester.
          .where('audience', '!=', 'requester')
          .orderBy('name')
          .orderBy('id')
          .execute()
        return {
          receivers: rows.map(({ organisation_id, person_id, ...row }) => ({
            ...row,
            organisationId: organisation_id,
            personId: person_id,
          })),
        }
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/api/receivers',
      summary: 'Tell somebody: by mail, chat, webhook, …',
      // The collector makes the call, from inside the provider's network: a customer's admin could aim it at what stands there.
      access: { who: 'person', power: 'administer', reach: 'provider' },
      names: { 'body.organisationId': 'organisation', 'body.personId': 'person' },
      action: 'receiver.create',
      creates: 'secret',
      body: NewReceiver,
      answer: ReceiverMade,
      status: 201,
      handle: async ({ body, by }) => {
        const errors = receivers.complaints(body)
        if (errors.length > 0) throw refuse('invalid-input', `Check what you sent as ${errors[0]?.field}.`, { errors })
        return receivers.create(body, by.record)
      },
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
      handle: async ({ params, by }) => {
        await receivers.disable(params.id, by.record)
      },
    }),
  ]
}
