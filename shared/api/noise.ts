import { z } from 'zod'
import { Tag } from '../domain/endpoint.ts'
import { Priority } from '../domain/priority.ts'
import { Severity } from '../domain/severity.ts'

const Id = z.string().max(64)
const Scope = z.enum(['endpoint', 'tag', 'organisation'])
/** `same`: this very trouble; `kind`: everything of its kind. */
const What = z.enum(['same', 'kind']).default('same')
/** A tag stands beside the scope `tag`, and only there. */
const of = { scope: Scope.default('endpoint'), tag: Tag.optional(), what: What }

/** GET /api/tickets/:id/noise?scope=&tag=&what= : the tickets of the last 30 days that "this is noise" would have spared. */
export const NoisePreviewQuery = z.object(of)
export const NoisePreview = z.object({
  /** In all; the newest hundred are listed. */
  count: z.number().int(),
  since: z.number().int(),
  tickets: z.array(
    z.object({
      ...{ id: z.string(), number: z.number().int(), title: z.string(), priority: Priority, openedAt: z.number().int() },
      hostname: z.string().nullable(),
    }),
  ),
  /** Until when it would hold unless somebody says so. */
  until: z.number().int(),
  /** Why this can't be called noise; null: it can. */
  refusal: z.string().nullable(),
})
export type NoisePreview = z.infer<typeof NoisePreview>

/**
 * POST /api/tickets/:id/noise (power work-tickets; administer for a tag or an organisation): "this is noise", until an instant. A
 * ticket that is open ends as noise. What is worse than the ticket is heard of all the same; security is never noise.
 */
export const CallNoise = z.object({
  ...of,
  version: z.number().int(),
  until: z.number().int().nullable().default(null),
  reason: z.string().min(1).max(500),
})

/** GET /api/noise-exceptions?organisationId= : those in force. DELETE /api/noise-exceptions/:id ends one. */
export const NoiseException = z.object({
  id: z.string(),
  organisationId: z.string(),
  scope: Scope,
  value: z.string(),
  kind: z.string(),
  /** null: everything of this kind. */
  fingerprint: z.string().nullable(),
  /** What is worse is heard of all the same. */
  severity: Severity,
  processSha256: z.string().nullable(),
  ticketId: z.string(),
  reason: z.string(),
  createdBy: z.string(),
  createdAt: z.number().int(),
  until: z.number().int(),
  /** How many signals it has spared. */
  spared: z.number().int(),
})
export const NoiseExceptionList = z.object({ exceptions: z.array(NoiseException) })

/** GET /api/disarmed-detectors (staff of the provider); POST /api/disarmed-detectors/:disarmed/arm (power administer). */
export const DisarmedDetectors = z.object({
  detectors: z.array(z.object({ id: z.string(), detector: z.string(), kind: z.string(), rule: z.string(), disarmedAt: z.number().int() })),
})

const longestMs = 400 * 86_400_000

/** GET /api/noise-meter?from=&to=&organisationId=&team= ; instants in epoch ms, `to` not included, 400 days at most. */
export const NoiseMeterQuery = z
  .object({
    from: z.coerce.number().int().nonnegative(),
    to: z.coerce.number().int().nonnegative(),
    organisationId: Id.optional(),
    team: z.string().max(64).optional(),
  })
  .refine(({ from, to }) => to > from && to - from <= longestMs, { error: 'to comes after from, 400 days at most', path: ['to'] })

const Line = z.object({
  what: z.enum(['workstation-tickets', 'server-tickets', 'pages', 'false-alarms']),
  /** One sentence: what is measured, and what is aimed at. */
  aim: z.string(),
  /** What is counted, and among how many. */
  count: z.number(),
  of: z.number(),
  /** As the aim says it; null: there is nothing to measure it by. */
  value: z.number().nullable(),
  atMost: z.number(),
  isMet: z.boolean().nullable(),
})
export const NoiseMeterAnswer = z.object({ lines: z.array(Line) })
export type NoiseMeterAnswer = z.infer<typeof NoiseMeterAnswer>
