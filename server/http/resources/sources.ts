import { z } from 'zod'
import { NewSource, SourceList, SourceMade } from '#shared/api/administration.ts'
import type { Needs } from '../needs.ts'
import { defineRoute, type Route } from '../route.ts'

export default function sources({ people }: Needs): Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/sources',
      summary: 'Where signals come from that no agent sends',
      access: { who: 'person', power: 'administer', reach: 'organisation' },
      answer: SourceList,
      handle: async ({ by }) => {
        const rows = await by.view.sources().selectAll().where('revoked_at', 'is', null).orderBy('name').orderBy('id').execute()
        return {
          sources: rows.map(({ id, organisation_id, name, created_at, suspended_at }) => ({
            ...{ id, organisationId: organisation_id, name, createdAt: created_at, isSuspended: suspended_at !== null },
          })),
        }
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/api/sources',
      summary: 'Let something without an agent hand in signals',
      access: { who: 'person', power: 'administer', reach: 'organisation' },
      names: { 'body.organisationId': 'organisation' },
      action: 'source.create',
      creates: 'secret',
      body: NewSource,
      answer: SourceMade,
      status: 201,
      handle: ({ body, by }) => people.createSource(body, by.record),
    }),
    defineRoute({
      method: 'DELETE',
      path: '/api/sources/:id',
      summary: 'Revoke the key of a source',
      access: { who: 'person', power: 'administer', reach: 'organisation' },
      names: { 'params.id': 'source' },
      action: 'source.revoke',
      params: z.object({ id: z.string().max(64) }),
      answer: z.void(),
      status: 204,
      handle: ({ params, by }) => people.revokeSource(params.id, by.record),
    }),
  ]
}
