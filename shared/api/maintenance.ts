import { z } from 'zod'
import { Tag } from '../domain/endpoint.ts'
import { SignalState } from '../domain/signal.ts'

const Id = z.string().max(64)
/** Epoch ms. Later ones are no dates, or nobody's plans. */
const Instant = z.number().int().nonnegative().max(Date.UTC(2100, 0), 'expected an instant before the year 2100')
const TimeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'expected a time of day such as 02:00')
const Day = z.enum(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'])

const Weekly = z.object({ days: z.array(Day).min(1).max(7), at: TimeOfDay })

/**
 * POST /api/maintenance-windows (power administer): for one endpoint, site or tag, or, naming none, for the organisation.
 * `weekly` is in the time of the site, else of the organisation; `startsAt` is an instant. POST /api/maintenance-windows/:id/end
 * closes the one that is open; DELETE /api/maintenance-windows/:id takes it off the plan.
 */
export const NewMaintenanceWindow = z
  .object({
    ...{ organisationId: Id, endpointId: Id.optional(), siteId: Id.optional(), tag: Tag.optional() },
    name: z.string().min(1).max(200),
    minutes: z.number().int().min(1).max(100_000),
    startsAt: Instant.optional(),
    weekly: Weekly.optional(),
  })
  .refine(({ startsAt, weekly }) => (startsAt === undefined) !== (weekly === undefined), {
    error: 'say either startsAt or weekly',
    path: ['startsAt'],
  })
  .refine(({ endpointId, siteId, tag }) => [endpointId, siteId, tag].filter((each) => each !== undefined).length <= 1, {
    error: 'name one of endpointId, siteId and tag, or none for the whole organisation',
    path: ['endpointId'],
  })
export type NewMaintenanceWindow = z.infer<typeof NewMaintenanceWindow>

/** As a clock there shows them, such as 2026-11-29T02:00+01:00. */
const Occurrence = z.object({ opensAt: z.number().int(), closesAt: z.number().int(), opens: z.string(), closes: z.string() })

export const MaintenanceWindowView = z.object({
  id: z.string(),
  organisationId: z.string(),
  name: z.string(),
  scope: z.enum(['endpoint', 'tag', 'site', 'organisation']),
  /** The endpoint's or site's id, the tag; the organisation's id. */
  value: z.string(),
  /** null: once. */
  weekly: Weekly.nullable(),
  minutes: z.number(),
  timeZone: z.string(),
  isOpen: z.boolean(),
  /** At most five; the first may be open. */
  next: z.array(Occurrence),
})
export type MaintenanceWindowView = z.infer<typeof MaintenanceWindowView>
/** GET /api/maintenance-windows?organisationId= : those that are open or to come. */
export const MaintenanceWindowList = z.object({ windows: z.array(MaintenanceWindowView) })

/** GET /api/suppressed-signals?organisationId=&endpointId=&waiting=true : what waits, or was spared; the newest first. */
export const SuppressedQuery = z.object({
  organisationId: Id.optional(),
  endpointId: Id.optional(),
  waiting: z.enum(['true', 'false']).default('true'),
  limit: z.coerce.number().int().min(1).max(500).default(200),
})
export const SuppressedSignal = z.object({
  signalId: z.string(),
  organisationId: z.string(),
  endpoint: z.object({ id: z.string(), hostname: z.string() }).nullable(),
  kind: z.string(),
  state: SignalState,
  summary: z.string(),
  by: z.enum(['window', 'settling', 'exception', 'loud']),
  /** Of the window or the exception; of the endpoint that settles. */
  byId: z.string(),
  /** One sentence for people. */
  why: z.string(),
  since: z.number().int(),
  until: z.number().int().nullable(),
  endedAt: z.number().int().nullable(),
  endedAs: z.enum(['decided', 'cleared', 'happened', 'spared', 'missing']).nullable(),
})
export const SuppressedList = z.object({ signals: z.array(SuppressedSignal), total: z.number().int() })
