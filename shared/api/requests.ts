import { z } from 'zod'
import { Language } from '../domain/language.ts'
import type { Urgency } from '../domain/priority.ts'

/** An IANA name that this runtime knows, such as Europe/Berlin. */
export const TimeZone = z.string().max(100).refine(isTimeZone, 'expected a time zone such as Europe/Berlin')

/** Somebody of a customer who asks for something; they need not sign in. What is left out stays as it is known. */
export const NewRequester = z.object({
  name: z.string().trim().min(1).max(200),
  mail: z.email().max(320),
  /** null: the organisation's. */
  language: Language.nullable().optional(),
  timeZone: TimeZone.nullable().optional(),
})
export const Requester = z.object({
  ...{ id: z.string(), organisationId: z.string(), name: z.string(), mail: z.string() },
  ...{ language: Language.nullable(), timeZone: z.string().nullable() },
  /** Of a VIP: their technician; null: nobody is named any more. They hear sooner, and have nobody's priority but their own. */
  vip: z.object({ technicianId: z.string().nullable(), technician: z.string().nullable() }).nullable(),
})
export type Requester = z.infer<typeof Requester>

/** GET /api/requesters?organisationId= (power work-tickets). POST makes one, or says anew what is known of this address. */
export const RequesterQuery = z.object({ organisationId: z.string().max(64).optional() })
export const RequesterList = z.object({ requesters: z.array(Requester) })
export const PutRequester = NewRequester.extend({
  organisationId: z.string().max(64),
  /** The provider says who is one. null: they are none. */
  vip: z
    .object({ technicianId: z.string().max(64) })
    .nullable()
    .optional(),
})

/** What somebody answers to "can you carry on?". */
export const urgencyOf = { no: 'high', 'with-difficulty': 'medium', yes: 'low' } as const satisfies Record<string, Urgency>
/** Who else has it. */
export const Affects = z.enum(['me', 'several', 'everyone'])

/** POST /api/requests: whoever is signed in for a customer asks for help, for themselves. Answers 201 with the TicketDetail. */
export const NewRequest = z.object({
  title: z.string().trim().min(1).max(300),
  text: z.string().max(10_000).default(''),
  /** Not answered: no. */
  canCarryOn: z.enum(['no', 'with-difficulty', 'yes']).default('no'),
  affects: Affects.default('me'),
  endpointId: z.string().max(64).optional(),
})

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}
