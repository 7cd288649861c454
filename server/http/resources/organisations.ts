import { z } from 'zod'
import { NewOrganisation, NewSite, Organisation, OrganisationList } from '#shared/api/administration.ts'
import type { Needs } from '../needs.ts'
import { found } from '../reads/found.ts'
import { defineRoute, type Route } from '../route.ts'
import type { View } from '../view.ts'

export default function organisations({ people }: Needs): Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/organisations',
      summary: 'Organisations and their sites, by name',
      access: { who: 'person', power: null, reach: 'organisation' },
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
      handle: async ({ body, by }) => readOrganisation(by.view, await people.createOrganisation(body)),
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
        await people.createSite({ ...body, organisationId: params.id })
        return readOrganisation(by.view, params.id)
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
  return rows.map(({ id, name, mode, plan, time_zone }) => ({
    id,
    name,
    mode,
    plan,
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
