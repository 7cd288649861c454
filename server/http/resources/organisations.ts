import { z } from 'zod'
import { LivePreview, NewOrganisation, NewSite, Organisation, OrganisationChange, OrganisationList } from '#shared/api/administration.ts'
import type { Needs } from '../needs.ts'
import { found } from '../reads/found.ts'
import { defineReading, defineRoute, type Route } from '../route.ts'
import type { View } from '../view.ts'

export default function organisations(needs: Needs): Route[] {
  const { people } = needs
  return [
    ...modesOf(needs),
    defineReading('/api/organisations', 'Organisations and their sites, by name', {
      answer: OrganisationList,
      handle: async ({ by }) => ({ organisations: await readOrganisations(by.view) }),
    }),
    defineRoute({
      method: 'POST',
      path: '/api/organisations',
      summary: 'Take on an organisation',
      access: { who: 'person', power: 'administer', reach: 'provider' },
      action: 'organisation.create',
      creates: 'thing',
      body: NewOrganisation,
      answer: Organisation,
      status: 201,
      handle: async ({ body, by }) => readOrganisation(by.view, await people.createOrganisation(body, by.record)),
    }),
    defineRoute({
      method: 'POST',
      path: '/api/organisations/:id/sites',
      summary: 'Add a site',
      access: { who: 'person', power: 'administer', reach: 'organisation' },
      names: { 'params.id': 'organisation' },
      action: 'organisation.add-site',
      creates: 'thing',
      params: z.object({ id: z.string().max(64) }),
      body: NewSite,
      answer: Organisation,
      status: 201,
      handle: async ({ params, body, by }) => {
        await people.createSite({ ...body, organisationId: params.id }, by.record)
        return readOrganisation(by.view, params.id)
      },
    }),
  ]
}

/** Observe or live, and what would have been. */
function modesOf({ modes }: Needs): Route[] {
  return [
    defineRoute({
      method: 'PATCH',
      path: '/api/organisations/:id',
      summary: 'Let it go live, or observe again; its plan, its language, how long it keeps what is over',
      access: { who: 'person', power: 'administer', reach: 'provider' },
      names: { 'params.id': 'organisation' },
      action: 'organisation.change',
      params: z.object({ id: z.string().max(64) }),
      body: OrganisationChange,
      answer: Organisation,
      handle: async ({ params, body, by }) => {
        await modes.change(params.id, body, by.record)
        return readOrganisation(by.view, params.id)
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/api/organisations/:id/preview',
      summary: 'What would have called people or cut machines off, had it been live',
      access: { who: 'person', power: 'administer', reach: 'organisation' },
      names: { 'params.id': 'organisation' },
      params: z.object({ id: z.string().max(64) }),
      answer: LivePreview,
      handle: async ({ params }) => {
        const { would, ...about } = found('organisation', await modes.preview(params.id))
        return {
          ...about,
          would: would.map(({ ticket: { id, number, title, priority, team, opened_at }, hostname, isPaging, halts, isolates }) => ({
            ...{ id, number, title, priority, team, openedAt: opened_at, hostname, pages: isPaging, halts, isolates },
          })),
        }
      },
    }),
  ]
}

type Read = z.output<typeof Organisation>

async function readOrganisations(view: View): Promise<Read[]> {
  const [rows, sites] = await Promise.all([
    view.organisations().selectAll().orderBy('name').orderBy('id').execute(),
    view.sites().selectAll().orderBy('name').orderBy('id').execute(),
  ])
  const sitesOf = Map.groupBy(sites, (site) => site.organisation_id)
  return rows.map(({ id, name, mode, plan, language, own_it, answers_own_core, call_whom, kept_days, time_zone }) => ({
    id,
    name,
    mode,
    plan,
    language,
    ownIt: JSON.parse(own_it) as string[],
    answersOwnCore: answers_own_core === 1,
    callWhom: JSON.parse(call_whom) as string[],
    keptDays: kept_days,
    timeZone: time_zone,
    sites: (sitesOf.get(id) ?? []).map((site) => ({ id: site.id, name: site.name, timeZone: site.time_zone })),
  }))
}

async function readOrganisation(view: View, id: string): Promise<Read> {
  return found(
    'organisation',
    (await readOrganisations(view)).find((organisation) => organisation.id === id),
  )
}
