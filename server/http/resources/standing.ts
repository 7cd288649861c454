import { z } from 'zod'
import { NewSignature, powersToAsk } from '#shared/api/commands.ts'
import { NewStanding, StandingAsked, StandingList, StandingQuery, WithdrawStanding } from '#shared/api/standing.ts'
import { commands } from '#shared/commands/registry.ts'
import type { Role } from '#shared/domain/endpoint.ts'
import { StandingOrder } from '#shared/protocol/standing-order.ts'
import { demandPower } from '../guard.ts'
import type { Needs } from '../needs.ts'
import { refuse } from '../problems.ts'
import { found } from '../reads/found.ts'
import { readStanding } from '../reads/standing.ts'
import { defineReading, defineRoute, type Person, type Route } from '../route.ts'
import type { View } from '../view.ts'
import { demandFreshSignIn } from './signing.ts'
import { actorIn } from './tickets.ts'

const id = z.object({ id: z.string().max(64) })
const access = { who: 'person', power: 'work-tickets', reach: 'organisation' } as const

const list = ({ standing, identity, time }: Pick<Needs, 'standing' | 'identity' | 'time'>): Route =>
  defineReading(
    '/api/standing-orders',
    'What machines do by themselves: drafts, what waits for signatures, what is in force, and what it did',
    {
      action: 'standing.view-results',
      query: StandingQuery,
      answer: StandingList,
      handle: async ({ query, by }) => ({
        drafts: [...standing.drafts],
        ...(await readStanding(by.view, query, { register: identity.register(), now: time.now() })),
      }),
    },
  )

/** What machines shall do by themselves. Whoever asks for it, or ends it, may ask for what it does on each machine that is meant. */
export default function standing({ standing, identity, time }: Needs): Route[] {
  return [
    list({ standing, identity, time }),
    defineRoute({
      method: 'POST',
      path: '/api/standing-orders',
      summary: 'Ask for a standing order: one that ships, or one of your own',
      access,
      names: { 'body.organisationId': 'organisation' },
      action: 'standing.ask',
      creates: 'thing',
      body: NewStanding,
      answer: StandingAsked,
      status: 201,
      handle: async ({ body, by }) => {
        const shipped = standing.drafts.find(({ draft }) => draft === body.draft)
        const role = body.role ?? (body.endpoints ? undefined : shipped?.role)
        await demandAll(by, { ...body, verb: body.verb ?? shipped?.verb ?? '', role }, time.now())
        return answered(await standing.ask(body, actorIn(by)))
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/api/standing-orders/:id/signatures',
      summary: 'Hand in an operator’s signature on the version that waits for it',
      access,
      names: { 'params.id': 'standing' },
      action: 'standing.sign',
      params: id,
      body: NewSignature,
      answer: z.object({ status: z.enum(['signed', 'waits']), signed: z.number().int(), needed: z.number().int() }),
      handle: async ({ params, body, by }) => {
        const signed = await standing.sign(params.id, body.jws, actorIn(by))
        if (signed.kind === 'refused') throw refuse('refused', signed.reason)
        return { status: signed.kind, signed: signed.signed, needed: signed.needed }
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/api/standing-orders/:id/withdraw',
      summary: 'End a standing order: machines drop it once its withdrawal is signed and has reached them',
      access,
      names: { 'params.id': 'standing' },
      action: 'standing.withdraw',
      params: id,
      body: WithdrawStanding,
      answer: StandingAsked,
      handle: async ({ params, body, by }) => {
        const rows = by.view.standingOrders().select('payload').where('standing_orders.id', '=', params.id)
        const { payload } = found('standing', await rows.executeTakeFirst())
        await demandAll(by, StandingOrder.parse(JSON.parse(payload)), 'any')
        return answered(await standing.withdraw(params.id, actorIn(by), body.reason))
      },
    }),
  ]
}

interface Meant {
  organisationId: string
  verb: string
  role?: Role | undefined
  endpoints?: string[] | undefined
}

/** @param now when it was asked; `any`: to end something needs no fresh sign-in. */
async function demandAll(by: Person, { verb, ...meant }: Meant, now: number | 'any'): Promise<void> {
  for (const role of await rolesOf(by.view, meant))
    for (const power of powersToAsk(verb, role)) demandPower({ ...access, power }, by, { role })
  if (now !== 'any' && commands.get(verb)?.risk === 'high') demandFreshSignIn(by.caller, now)
}

async function rolesOf(view: View, { role, endpoints, organisationId }: Omit<Meant, 'verb'>): Promise<Role[]> {
  if (!endpoints) return [role ?? 'unknown']
  const rows = await view
    .endpoints()
    .leftJoin('inventories', 'inventories.endpoint_id', 'endpoints.id')
    .select(['confirmed_role', 'inventories.role'])
    .where('endpoints.id', 'in', endpoints)
    .where('endpoints.organisation_id', '=', organisationId)
    .execute()
  return rows.length < endpoints.length ? ['unknown'] : rows.map((row) => row.confirmed_role ?? row.role ?? 'unknown')
}

function answered(asked: Awaited<ReturnType<Needs['standing']['ask']>>): z.infer<typeof StandingAsked> {
  if (asked.kind === 'refused') throw refuse('refused', asked.reason)
  return { id: asked.id, status: asked.status }
}
