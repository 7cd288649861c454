import { z } from 'zod'
import {
  MaintenanceWindowList,
  MaintenanceWindowView,
  NewMaintenanceWindow,
  SuppressedList,
  SuppressedQuery,
} from '#shared/api/maintenance.ts'
import { minutes } from '#shared/domain/time.ts'
import type { NewWindow } from '../../suppress/windows.ts'
import type { Needs } from '../needs.ts'
import { refuse } from '../problems.ts'
import { found } from '../reads/found.ts'
import { readSuppressed, readWindows } from '../reads/maintenance.ts'
import { defineReading, defineRoute, type Person, type PersonAccess, type Route } from '../route.ts'

const planners: PersonAccess = { who: 'person', power: 'administer', reach: 'organisation' }
const ById = z.object({ id: z.string().max(64) })

export default function maintenance(needs: Needs): Route[] {
  return [...planRoutes(needs), ...endRoutes(needs), heldRoute()]
}

function planRoutes({ maintenance, matrices, time }: Needs): Route[] {
  const all = (by: Person, organisationId?: string) => readWindows(by.view, organisationId, maintenance.upcoming, time.now())
  return [
    defineReading('/api/maintenance-windows', 'Maintenance windows that are open or to come, with their next five dates in site time', {
      names: { 'query.organisationId': 'organisation' },
      query: z.object({ organisationId: z.string().max(64).optional() }),
      answer: MaintenanceWindowList,
      handle: async ({ query, by }) => ({ windows: await all(by, query.organisationId) }),
    }),
    defineRoute({
      method: 'POST',
      path: '/api/maintenance-windows',
      summary: 'Plan a maintenance window, once or weekly',
      access: planners,
      names: { 'body.organisationId': 'organisation', 'body.endpointId': 'endpoint', 'body.siteId': 'site' },
      action: 'window.plan',
      creates: 'thing',
      body: NewMaintenanceWindow,
      answer: MaintenanceWindowView,
      status: 201,
      handle: async ({ body, by }) => {
        demandShort(body.minutes, matrices.rules.matrix.maintenance.longest)
        const window = { ...(await placeOf(by, body)), name: body.name, createdBy: by.caller.personId, durationMs: minutes(body.minutes) }
        const id = await maintenance.plan({ ...window, repeats: repeatsOf(body) }, by.record)
        if (id === undefined) throw invalid('startsAt', 'this window would be over by now: expected one that is still to come')
        const planned = (await all(by, body.organisationId)).find((each) => each.id === id)
        return found('maintenance window', planned)
      },
    }),
  ]
}

function endRoutes({ maintenance }: Needs): Route[] {
  return [
    defineRoute({
      method: 'POST',
      path: '/api/maintenance-windows/:id/end',
      summary: 'Close a maintenance window that is open, now; a weekly one comes again',
      access: planners,
      names: { 'params.id': 'window' },
      action: 'window.end',
      params: ById,
      answer: z.void(),
      status: 204,
      handle: async ({ params, by }) => {
        if (!(await maintenance.end(params.id, by.record)))
          throw refuse('refused', 'This window is not open now: delete it if it shall not come.')
      },
    }),
    defineRoute({
      method: 'DELETE',
      path: '/api/maintenance-windows/:id',
      summary: 'Take a maintenance window off the plan; one that is open closes now',
      access: planners,
      names: { 'params.id': 'window' },
      action: 'window.remove',
      params: ById,
      answer: z.void(),
      status: 204,
      handle: async ({ params, by }) => {
        if (!(await maintenance.remove(params.id, by.record))) throw refuse('not-found', 'There is no such window, or it is over.')
      },
    }),
  ]
}

const heldRoute = (): Route =>
  defineReading(
    '/api/suppressed-signals',
    'Signals that wait for a window, a reboot or an update, or were spared as noise, with the reason',
    {
      names: { 'query.organisationId': 'organisation', 'query.endpointId': 'endpoint' },
      query: SuppressedQuery,
      answer: SuppressedList,
      handle: ({ query, by }) => readSuppressed(by.view, query),
    },
  )

function demandShort(count: number, longestMs: number): void {
  if (minutes(count) > longestMs) throw invalid('minutes', `a maintenance window lasts ${longestMs / 60_000} minutes at most`)
}

const invalid = (field: string, message: string) =>
  refuse('invalid-input', `Check what you sent as ${field}: ${message}.`, { errors: [{ field, message }] })

function repeatsOf({ weekly, startsAt }: NewMaintenanceWindow): NewWindow['repeats'] {
  return weekly ? { kind: 'weekly', ...weekly } : { kind: 'once', opensAt: startsAt ?? 0 }
}

/** Whose clock on the wall it is: the site's, else the organisation's. */
async function placeOf(
  { view }: Person,
  { organisationId, endpointId, siteId, tag }: NewMaintenanceWindow,
): Promise<Pick<NewWindow, 'organisationId' | 'scope' | 'value' | 'timeZone'>> {
  const organisation = await view.organisations().select('organisations.time_zone').where('id', '=', organisationId).executeTakeFirst()
  const sites = view.sites().select('sites.time_zone')
  const site =
    endpointId === undefined
      ? await sites.where('sites.id', '=', siteId ?? '').executeTakeFirst()
      : await sites.innerJoin('endpoints', 'endpoints.site_id', 'sites.id').where('endpoints.id', '=', endpointId).executeTakeFirst()
  const timeZone = site?.time_zone ?? found('organisation', organisation).time_zone
  if (endpointId !== undefined) return { organisationId, scope: 'endpoint', value: endpointId, timeZone }
  if (siteId !== undefined) return { organisationId, scope: 'site', value: siteId, timeZone }
  return tag === undefined
    ? { organisationId, scope: 'organisation', value: organisationId, timeZone }
    : { organisationId, scope: 'tag', value: tag, timeZone }
}
