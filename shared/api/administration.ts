import { z } from 'zod'
import { CallWhom, Language } from '../domain/language.ts'
import { Priority } from '../domain/priority.ts'
import { keptDays } from '../domain/retention.ts'
import { Severity } from '../domain/severity.ts'
import { Facts, SignalKind, SignalState } from '../domain/signal.ts'
import { newestFirst } from './page.ts'
import { TimeZone } from './requests.ts'
import { NewPassword } from './session.ts'

/** GET /api/organisations; POST (power administer, staff of the provider) answers 201 with the one that was made. */
export const Organisation = z.object({
  id: z.string(),
  name: z.string(),
  mode: z.enum(['observe', 'live']),
  plan: z.string(),
  timeZone: z.string(),
  /** In which its people are told, where they don't say otherwise. */
  language: Language,
  /** Kinds that its own IT has first. */
  ownIt: z.array(z.string()),
  /** Its own IT may answer whether core machines of theirs are isolated. */
  answersOwnCore: z.boolean(),
  /** Whom the person at an isolated machine is to call, such as "Service desk 030 1234567". */
  callWhom: z.array(z.string()),
  /** What is over, such as a closed ticket, ends after so many days. */
  keptDays: z.number().int(),
  sites: z.array(z.object({ id: z.string(), name: z.string(), timeZone: z.string().nullable() })),
})
export const NewOrganisation = z.object({
  name: z.string().min(1).max(200),
  mode: z.enum(['observe', 'live']).default('observe'),
  plan: z.string().max(50).default('standard'),
  timeZone: TimeZone,
  language: Language.default('en'),
})
/** PATCH /api/organisations/:id (power administer, staff of the provider): what is left out stays. `live`: it protects by itself. */
export const OrganisationChange = z.object({
  mode: z.enum(['observe', 'live']).optional(),
  plan: z.string().max(50).optional(),
  language: Language.optional(),
  /** Kinds that its own IT has first, such as request.* and health.update.*; security never is among them. */
  ownIt: z
    .array(
      z
        .string()
        .max(200)
        .regex(/^(\*|[a-z][a-z0-9.-]*(\.\*)?)$/, 'expected a kind or a beginning such as request.*'),
    )
    .max(50)
    .optional(),
  answersOwnCore: z.boolean().optional(),
  callWhom: CallWhom.optional(),
  /** What is older ends at the next sweep, and nothing brings it back. */
  keptDays: z
    .number()
    .refine((days) => Number.isInteger(days) && days >= keptDays.least && days <= keptDays.most, {
      error: `expected whole days from ${keptDays.least} to ${keptDays.most}`,
    })
    .optional(),
})
/** GET /api/organisations/:id/preview: what would have called people or cut machines off since it observes, had it been live. */
export const LivePreview = z.object({
  since: z.number().int(),
  /** How many tickets were looked at. */
  tickets: z.number().int(),
  would: z.array(
    z.object({
      ...{ id: z.string(), number: z.number().int(), title: z.string(), priority: Priority, team: z.string(), openedAt: z.number().int() },
      hostname: z.string().nullable(),
      /** People would have been called for it, who were not. */
      pages: z.boolean(),
      /** The process that the agent accused would have been halted at once. */
      halts: z.boolean(),
      /** `auto`: at once; `unanswered`: because nobody answered in time. */
      isolates: z.enum(['auto', 'unanswered']).nullable(),
    }),
  ),
  /** There was more than could be looked at; the newest was. */
  isPartial: z.boolean(),
})
export const OrganisationList = z.object({ organisations: z.array(Organisation) })
/** POST /api/organisations/:id/sites (power administer) answers 201 with the organisation. */
export const NewSite = z.object({ name: z.string().min(1).max(200), timeZone: TimeZone.nullable().default(null) })

/** GET, POST /api/people (power administer); DELETE /api/people/:id disables one and ends their sessions and tokens. */
export const Person = z.object({
  id: z.string(),
  name: z.string(),
  login: z.string(),
  isAdmin: z.boolean(),
  teams: z.array(z.string()),
  organisationId: z.string().nullable(),
  isDisabled: z.boolean(),
})
export const NewPerson = z.object({
  name: z.string().min(1).max(200),
  login: z.string().min(3).max(200),
  password: NewPassword,
  teams: z.array(z.string().max(100)).max(50),
  isAdmin: z.boolean().default(false),
  organisationId: z.string().max(64).nullable().default(null),
})
/** `teams`: those of the matrix, that somebody can be in. */
export const PersonList = z.object({ people: z.array(Person), teams: z.array(z.string()) })

/**
 * GET, POST /api/tokens: tokens for programs, acting as the person who makes them; sent as `Authorization: Bearer`.
 * Made by a person who signed in, never with another token. DELETE /api/tokens/:id revokes one.
 */
export const NewApiToken = z.object({ name: z.string().min(1).max(200), ttlDays: z.number().int().min(1).max(3_650).optional() })
export const ApiTokenMade = z.object({ id: z.string(), token: z.string(), expiresAt: z.number().int().nullable() })
export const ApiTokenList = z.object({
  tokens: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      createdAt: z.number().int(),
      expiresAt: z.number().int().nullable(),
      /** By a restore, until an admin confirms it. */
      isSuspended: z.boolean(),
    }),
  ),
})

/** GET, POST /api/sources (power administer): somewhere signals come from that has no agent. DELETE /api/sources/:id revokes it. */
export const NewSource = z.object({ organisationId: z.string().max(64), name: z.string().min(1).max(200) })
export const SourceMade = z.object({ id: z.string(), key: z.string() })
export const SourceList = z.object({
  sources: z.array(
    z.object({
      id: z.string(),
      organisationId: z.string(),
      name: z.string(),
      createdAt: z.number().int(),
      /** By a restore, until an admin confirms it. */
      isSuspended: z.boolean(),
    }),
  ),
})
/** POST /api/signals with `Authorization: Bearer <source key>`. */
export const SourceSignal = z.object({
  kind: SignalKind.refine((kind) => !kind.startsWith('system.'), 'system.* is what the collector says of itself'),
  severity: Severity,
  state: SignalState.default('happened'),
  fingerprint: z.string().min(1).max(300),
  about: z.string().max(1_024).default(''),
  summary: z.string().min(1).max(500),
  facts: Facts.default({}),
  /** Epoch ms; now when absent. */
  sensedAt: z.number().int().nonnegative().optional(),
})
export const SourceSignalTaken = z.object({ id: z.string() })

/**
 * GET, POST /api/receivers (power administer): who is told, and how: webhook, email, slack, teams, ntfy, pagerduty, heartbeat.
 * DELETE /api/receivers/:id ends it.
 */
export const NewReceiver = z.object({
  name: z.string().min(1).max(200),
  notifier: z.string().max(50),
  /** What the notifier wants to know, such as `{"to": "jane@example.org"}` for email. */
  settings: z.record(z.string().max(50), z.union([z.string().max(5_000), z.number(), z.boolean()])).default({}),
  url: z
    .url({ protocol: /^https?$/ })
    .max(1_000)
    .optional(),
  /** Signs every delivery of a webhook (HMAC-SHA256); made for you when absent, shown once. */
  secret: z.string().min(16).max(200).optional(),
  organisationId: z.string().max(64).nullable().default(null),
  /** `person`: one of somebody's own ways, tried in the order of `rank`; `contact`: an organisation's, for P1 and isolations. */
  audience: z.enum(['everybody', 'person', 'contact']).default('everybody'),
  personId: z.string().max(64).nullable().default(null),
  rank: z.number().int().min(1).max(20).nullable().default(null),
  /** Hears of this team's tickets only. */
  team: z.string().max(64).nullable().default(null),
})
/** `secret`: a webhook's. */
export const ReceiverMade = z.object({ id: z.string(), secret: z.string().nullable() })
export const ReceiverList = z.object({
  receivers: z.array(
    z.object({
      ...{ id: z.string(), name: z.string(), notifier: z.string(), organisationId: z.string().nullable() },
      ...{ audience: z.enum(['everybody', 'person', 'contact', 'requester']), personId: z.string().nullable() },
      ...{ rank: z.number().int().nullable(), team: z.string().nullable() },
    }),
  ),
})

/**
 * GET /api/audit?before=&limit= (power administer): who did what, the newest first, within one's scope. `before` is the
 * id of the oldest line that one has.
 */
export const AuditQuery = z.object(newestFirst(100))
export const AuditLine = z.object({
  id: z.string(),
  at: z.number().int(),
  /** Name of the person, or "Tierline". */
  actor: z.string(),
  /** Dotted, as in `ticket.acknowledge`. */
  action: z.string(),
  /** `name` is the thing's as it is called now; null when it has none, or is gone. */
  target: z.object({ thing: z.string(), id: z.string(), name: z.string().nullable() }),
  organisationId: z.string().nullable(),
  detail: z.record(z.string(), z.unknown()),
})
export const AuditList = z.object({ lines: z.array(AuditLine), hasMore: z.boolean() })

/** GET /api/audit/head (staff of the provider): `<number>:<SHA-256>`, and the one that left this machine last. */
export const AuditHeadView = z.object({ head: z.string(), left: z.object({ head: z.string(), at: z.number().int() }).nullable() })
export type AuditHeadView = z.infer<typeof AuditHeadView>
/** POST /api/audit/verify (staff of the provider): against heads that were kept elsewhere. */
export const VerifyAudit = z.object({ heads: z.array(z.string().trim().max(100)).max(100) })
export const AuditVerdict = z.object({
  faults: z.array(z.string()),
  lines: z.number().int(),
  unchained: z.number().int(),
  erased: z.number().int(),
  erasedEarly: z.number().int(),
  head: z.string(),
  /** By a head that was given; null: by none, so it is only consistent in itself. */
  provenTo: z.number().int().nullable(),
})
export type AuditVerdict = z.infer<typeof AuditVerdict>

/** GET /api/matrix (staff of the provider) */
export const MatrixView = z.object({ version: z.number().int(), yaml: z.string(), createdAt: z.number().int() })
