import { z } from 'zod'
import { ApiTokenList, ApiTokenMade, NewApiToken } from '#shared/api/administration.ts'
import type { Needs } from '../needs.ts'
import { refuse } from '../problems.ts'
import { defineRoute, type Route } from '../route.ts'

export default function tokens({ people, time }: Needs): Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/tokens',
      summary: 'Your tokens for programs',
      access: { who: 'person', power: null, reach: 'own' },
      answer: ApiTokenList,
      handle: async ({ by }) => {
        const rows = await by.view.tokensOf(by.caller.personId).selectAll().where('revoked_at', 'is', null).orderBy('created_at').execute()
        const alive = rows.filter(({ expires_at }) => expires_at === null || expires_at > time.now())
        return {
          tokens: alive.map(({ id, name, created_at, expires_at, suspended_at }) => ({
            ...{ id, name, createdAt: created_at, expiresAt: expires_at, isSuspended: suspended_at !== null },
          })),
        }
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/api/tokens',
      summary: 'Make a token for a program that acts as you',
      access: { who: 'person', power: null, reach: 'own' },
      action: 'token.create',
      creates: 'secret',
      body: NewApiToken,
      answer: ApiTokenMade,
      status: 201,
      handle: async ({ body, by }) => {
        // A token that leaked for an hour must not become one for ever.
        if (by.caller.via === 'token') throw refuse('session-only', 'A token can not make another one: sign in, and make it there.')
        const { name, ttlDays } = body
        return people.createApiToken({ personId: by.caller.personId, name, ...(ttlDays !== undefined && { ttlDays }) }, by.record)
      },
    }),
    defineRoute({
      method: 'DELETE',
      path: '/api/tokens/:id',
      summary: 'Revoke one of your tokens',
      access: { who: 'person', power: null, reach: 'own' },
      names: { 'params.id': 'token' },
      action: 'token.revoke',
      params: z.object({ id: z.string().max(64) }),
      answer: z.void(),
      status: 204,
      handle: ({ params, by }) => people.revokeApiToken(params.id, by.record),
    }),
  ]
}
