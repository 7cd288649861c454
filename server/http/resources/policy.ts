import { z } from 'zod'
import { EndpointPolicy, NewPolicy, PolicyKept, PolicySignature, PolicySigned, PolicyView, UnsignedPolicies } from '#shared/api/policy.ts'
import { Inventory } from '#shared/domain/inventory.ts'
import type { Needs } from '../needs.ts'
import { refuse } from '../problems.ts'
import { found } from '../reads/found.ts'
import { actorName } from '../reads/tickets.ts'
import { defineReading, defineRoute, type Route } from '../route.ts'

const administering = { who: 'person', power: 'administer', reach: 'provider' } as const

/** What agents sense and how far they may go. Where operators are named, putting a policy only asks them to sign it. */
export default function policy({ policies }: Needs): Route[] {
  return [...texts(policies), ...signatures(policies), ofEndpoint(policies)]
}

function texts(policies: Needs['policies']): Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/policy',
      summary: 'The policy that was put last, as it was written',
      access: { ...administering, power: null },
      answer: PolicyView,
      handle: async ({ by }) => {
        const newest = await policies.current()
        if (!newest) return { version: null, yaml: '', author: '', createdAt: null }
        const names = await by.view.namesOf([newest.author])
        return { version: newest.version, yaml: newest.yaml, author: actorName(newest.author, names), createdAt: newest.created_at }
      },
    }),
    defineRoute({
      method: 'PUT',
      path: '/api/policy',
      summary: 'Put another policy; agents go by it at once, or once an operator signed it where there are operators',
      access: administering,
      action: 'policy.put',
      body: NewPolicy,
      answer: PolicyKept,
      handle: async ({ body, by }) => {
        const outcome = await policies.put(body.yaml, by.caller.personId, by.record)
        if (outcome.kind === 'kept') return { version: outcome.version, waiting: (await policies.unsigned()).length }
        throw refuse('invalid-input', 'This policy was not taken: mend the lines that `errors` names.', {
          errors: outcome.problems.map(({ line, column, path, reason }) => ({
            field: `yaml:${line}:${column}`,
            message: `${path}: ${reason}`,
          })),
        })
      },
    }),
  ]
}

function signatures(policies: Needs['policies']): Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/policy/unsigned',
      summary: 'Policies that wait for an operator’s signature, as the bytes to sign',
      access: administering,
      answer: UnsignedPolicies,
      handle: async () => ({ policies: await policies.unsigned() }),
    }),
    defineRoute({
      method: 'POST',
      path: '/api/policy/signatures',
      summary: 'Hand in an operator’s signature on an organisation’s policy',
      access: administering,
      names: { 'body.organisationId': 'organisation' },
      action: 'policy.sign',
      body: PolicySignature,
      answer: PolicySigned,
      handle: async ({ body, by }) => {
        const signed = await policies.sign(body.organisationId, body.jws, by.record)
        if (signed.kind === 'refused') throw refuse('refused', signed.reason)
        return { number: signed.number, by: signed.by }
      },
    }),
  ]
}

function ofEndpoint(policies: Needs['policies']): Route {
  return defineReading('/api/endpoints/:id/policy', 'What is in force for one endpoint, and which entry of the policy says so', {
    names: { 'params.id': 'endpoint' },
    params: z.object({ id: z.string().max(64) }),
    answer: EndpointPolicy,
    handle: async ({ params, by }) => {
      const rows = by.view.endpoints().leftJoin('inventories', 'inventories.endpoint_id', 'endpoints.id')
      const row = await rows
        .select(['endpoints.organisation_id', 'inventories.body'])
        .where('endpoints.id', '=', params.id)
        .executeTakeFirst()
      const { organisation_id, body } = found('endpoint', row)
      const { settings, origins, ...about } = policies.explain(organisation_id, params.id)
      const inventory = Inventory.safeParse(JSON.parse(body ?? 'null'))
      return {
        ...about,
        atAgent: inventory.data?.agent.policy ?? null,
        settings: Object.entries(settings).map(([key, value]) => ({ key, value, from: origins[key] ?? '' })),
      }
    },
  })
}
