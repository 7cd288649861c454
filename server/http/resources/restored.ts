import { z } from 'zod'
import { Adopt, LetIn, Restored } from '#shared/api/restored.ts'
import type { Adoption } from '../../identity/forgotten.ts'
import type { Needs } from '../needs.ts'
import { refuse } from '../problems.ts'
import { readRestored } from '../reads/restored.ts'
import { defineRoute, type Route } from '../route.ts'

const access = { who: 'person', power: 'administer', reach: 'provider' } as const
const id = z.string().max(64)

/** What a restore leaves to the provider's admins: to let in again what it could not tell from what had been ended. */
export default function restored({ people, identity }: Needs): Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/restored',
      summary: 'What waits for people since this collector was restored from a backup',
      access,
      answer: Restored,
      handle: ({ by }) => readRestored(by.view),
    }),
    defineRoute({
      method: 'POST',
      path: '/api/restored/endpoints/:endpoint/adopt',
      summary: 'Let a machine in again that was enrolled after the backup, with the certificate that it has',
      access,
      names: { 'body.organisationId': 'organisation', 'body.siteId': 'site' },
      action: 'endpoint.adopt',
      params: z.object({ endpoint: id }),
      body: Adopt,
      answer: LetIn,
      handle: async ({ params: { endpoint }, body: { organisationId, siteId = null }, by }) => {
        mustBeAdopted(await identity.adopt(endpoint, { organisationId, siteId }, by.record))
        return { id: endpoint }
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/api/restored/tokens/:token/confirm',
      summary: 'Let a token for programs go on that the restore has suspended',
      access,
      action: 'token.confirm',
      params: z.object({ token: id }),
      answer: LetIn,
      handle: async ({ params: { token }, by }) => {
        await people.confirmApiToken(token, by.record)
        return { id: token }
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/api/restored/sources/:source/confirm',
      summary: 'Let a source go on that the restore has suspended',
      access,
      action: 'source.confirm',
      params: z.object({ source: id }),
      answer: LetIn,
      handle: async ({ params: { source }, by }) => {
        await people.confirmSource(source, by.record)
        return { id: source }
      },
    }),
  ]
}

function mustBeAdopted(adoption: Adoption): void {
  if (adoption === 'unknown') throw refuse('not-found', 'No such machine waits: somebody has let it in, or it was never seen.')
  if (adoption === 'revoked') throw refuse('refused', 'This machine was removed after the backup: enrol it anew if it may come back.')
}
