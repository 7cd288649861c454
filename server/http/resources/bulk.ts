import { z } from 'zod'
import { BulkAct, BulkDetail, BulkList, BulkPlan, BulkQuery, NewBulk } from '#shared/api/bulk.ts'
import { CommandAsked, NewSignature, powersToAsk, SignatureAnswer } from '#shared/api/commands.ts'
import { NamedScript } from '#shared/api/scripts.ts'
import { commands } from '#shared/commands/registry.ts'
import { firstIssue } from '#shared/protocol/envelope.ts'
import type { BulkAsking } from '../../desk/bulk.ts'
import { mustBeDone } from '../desk-outcome.ts'
import { demandPower } from '../guard.ts'
import type { Needs } from '../needs.ts'
import { refuse } from '../problems.ts'
import { listBulks, readBulk } from '../reads/bulk.ts'
import { found } from '../reads/found.ts'
import { defineReading, defineRoute, type Person, type Route } from '../route.ts'
import { demandOwnKey } from './browser-key.ts'
import { demandFreshSignIn, ofLibrary } from './signing.ts'
import { actorIn } from './tickets.ts'

const byId = z.object({ id: z.string().max(64) })
const access = { who: 'person', power: 'work-tickets', reach: 'organisation' } as const

/** One order for many machines. Whoever asks needs the power over each of them; to stop it needs none but to be there. */
export default function bulk(needs: Needs): Route[] {
  return [...asking(needs), ...looking(), ...acting(needs)]
}

const asking = ({ bulk, scripts, time }: Needs): Route[] => [
  defineRoute({
    method: 'POST',
    path: '/api/bulk/plan',
    summary: 'What would become of one order for many machines: stages, who is away, who can’t be asked, whose signature it needs',
    access,
    names: { 'body.organisationId': 'organisation' },
    action: null,
    body: NewBulk,
    answer: BulkPlan,
    handle: async ({ body, by }) => bulk.plan(await askingOf(scripts, by, body)),
  }),
  defineRoute({
    method: 'POST',
    path: '/api/bulk',
    summary: 'Ask many machines of one organisation for the same, under one signature, in stages: one, a tenth, all',
    access,
    names: { 'body.organisationId': 'organisation' },
    action: 'bulk.ask',
    creates: 'thing',
    body: NewBulk,
    answer: CommandAsked,
    status: 202,
    handle: async ({ body, by }) => {
      const wanted = await askingOf(scripts, by, body)
      if (commands.get(body.verb)?.risk === 'high') demandFreshSignIn(by.caller, time.now())
      const { id, outcome } = await bulk.ask(wanted)
      mustBeDone(outcome)
      return { id }
    },
  }),
]

const looking = (): Route[] => [
  defineReading('/api/bulk', 'Orders for many machines, the newest first, with what became of each stage', {
    names: { 'query.organisationId': 'organisation' },
    query: BulkQuery,
    answer: BulkList,
    handle: ({ query, by }) => listBulks(by.view, query),
  }),
  defineReading('/api/bulk/:id', 'One order for many machines, with each of them', {
    names: { 'params.id': 'bulk' },
    action: 'bulk.view-results',
    params: byId,
    answer: BulkDetail,
    handle: async ({ params, by }) => found('bulk', await readBulk(by.view, params.id)),
  }),
]

function acting({ bulk, time, people, identity }: Needs): Route[] {
  const act = (verb: 'stop' | 'go-on' | 'end', summary: string, does: typeof bulk.stop): Route =>
    defineRoute({
      method: 'POST',
      path: `/api/bulk/:id/${verb}`,
      summary,
      access,
      names: { 'params.id': 'bulk' },
      action: `bulk.${verb}`,
      params: byId,
      body: BulkAct,
      answer: z.void(),
      status: 204,
      handle: async ({ params, body, by }) => {
        // To go on is to decide anew.
        if (verb === 'go-on') await demandAsMuch(by, params.id, time.now())
        mustBeDone(await does({ id: params.id, person: actorIn(by), reason: body.reason }))
      },
    })
  return [
    act('stop', 'Stop an order for many machines: no further stage begins, and what has not arrived is taken back', bulk.stop),
    act('go-on', 'Let a stopped order for many machines go on; what failed until now is forgiven', bulk.goOn),
    act('end', 'End an order for many machines for good', bulk.end),
    defineRoute({
      method: 'POST',
      path: '/api/bulk/:id/signatures',
      summary: 'Hand in an operator’s signature on an order for many machines',
      access,
      names: { 'params.id': 'bulk' },
      action: 'bulk.sign',
      params: byId,
      body: NewSignature,
      answer: SignatureAnswer,
      handle: async ({ params, body, by }) => {
        await demandOwnKey({ people, identity }, body.jws, by)
        const signed = await bulk.sign(params.id, body.jws, actorIn(by))
        if (signed.kind === 'refused') throw refuse('refused', signed.reason)
        return { status: signed.kind, signed: signed.signed, needed: signed.needed }
      },
    }),
  ]
}

/** Of the person's own scope and one organisation, each by a power over such a machine. */
async function askingOf(scripts: Needs['scripts'], by: Person, body: z.output<typeof NewBulk>): Promise<BulkAsking> {
  const { endpoints: endpointIds, verb, ...more } = body
  // It pauses standing orders too, and has a door of its own.
  const definition = verb === 'keep-standing-order' ? undefined : commands.get(verb)
  if (!definition) throw refuse('refused', `There is no command "${verb}" that can be asked for here.`)
  const named = verb === 'run-script' ? NamedScript.safeParse(body.args).data : undefined
  const machines = await demandPowers(by, body.organisationId, endpointIds, named ? 'reboot' : verb)
  const given = named ? await ofLibraryForAll(scripts, machines, named) : body.args
  const args = definition.args.safeParse(given)
  if (!args.success) throw refuse('refused', `args.${firstIssue(args.error)}`)
  return { ...more, verb, args: given, endpointIds, person: actorIn(by) }
}

type Machine = { id: string; platform: Parameters<Needs['scripts']['resolve']>[1] }

async function demandPowers(by: Person, organisationId: string, ids: readonly string[], verb: string): Promise<Machine[]> {
  const rows = await by.view
    .endpoints()
    .leftJoin('inventories', 'inventories.endpoint_id', 'endpoints.id')
    .select(['endpoints.id', 'endpoints.platform', 'endpoints.confirmed_role', 'inventories.role'])
    .where('endpoints.organisation_id', '=', organisationId)
    .where('endpoints.removed_at', 'is', null)
    .where('endpoints.id', 'in', ids)
    .execute()
  if (rows.length < new Set(ids).size)
    throw refuse('not-found', 'Some of these machines are not of this organisation, or not yours to see.')
  for (const { confirmed_role, role: found } of rows) {
    const role = confirmed_role ?? found ?? 'unknown'
    for (const power of powersToAsk(verb, role)) demandPower({ ...access, power }, by, { role })
  }
  return rows
}

/** One text is signed for all of them, so it has to fit the system of each. */
async function ofLibraryForAll(
  scripts: Needs['scripts'],
  machines: readonly Machine[],
  named: NamedScript,
): Promise<Record<string, unknown>> {
  const platforms = [...new Set(machines.map(({ platform }) => platform))]
  const resolved = await Promise.all(platforms.map((platform) => ofLibrary(scripts, platform, named)))
  return resolved[0] ?? {}
}

async function demandAsMuch(by: Person, id: string, now: number): Promise<void> {
  const { verb, risk } = found('bulk', await by.view.bulks().select(['verb', 'risk']).where('bulks.id', '=', id).executeTakeFirst())
  const rows = await by.view
    .bulkTargets()
    .leftJoin('inventories', 'inventories.endpoint_id', 'endpoints.id')
    .select(['endpoints.confirmed_role', 'inventories.role'])
    .where('bulk_targets.bulk_id', '=', id)
    .execute()
  for (const { confirmed_role, role: foundRole } of rows) {
    const role = confirmed_role ?? foundRole ?? 'unknown'
    for (const power of powersToAsk(verb, role)) demandPower({ ...access, power }, by, { role })
  }
  if (risk === 'high') demandFreshSignIn(by.caller, now)
}
