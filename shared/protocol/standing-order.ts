import { z } from 'zod'
import { Role } from '../domain/endpoint.ts'
import { Severity } from '../domain/severity.ts'
import { fitsKind, type Signal } from '../domain/signal.ts'
import { days } from '../domain/time.ts'
import { canonicalJson } from './canonical.ts'

/*
 * A standing order: signed once, and from then on the machine itself decides when it is due. A compact JWS (EdDSA) over its
 * canonical JSON, with a `typ` of its own, so that it passes for no command and no document. A version of it has a number
 * that only rises; a withdrawal is one more version. Strict: what somebody signs holds nothing that they weren't shown.
 * Meets: one played back after its withdrawal (number), one of another organisation, one that lives for ever (180 days).
 */

export const standingType = 'tierline-standing-order+jws'
/** It is signed in years with two leap days as well: half of one. */
export const longestStandingMs = days(180)
/** Twice signed, it travels inside a command, which has 65,536 characters. */
export const maxStandingChars = 14_000
/** More than anybody reads through; a machine keeps no more at once. */
export const maxStandingKept = 50
/** A machine that gave itself orders about orders would be out of everybody's hands, and letting back in is a person's word. */
const neverStanding: ReadonlySet<string> = new Set(['keep-standing-order', 'release-host'])
export const mayStand = (verb: string): boolean => !neverStanding.has(verb)

const Clock = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time of day is HH:MM, such as 02:00')
const TimeZone = z.string().max(60).refine(isTimeZone, 'a time zone is named as in Europe/Berlin')
const Name = z.string().regex(/^[\p{L}\p{N}][\p{L}\p{N} .,()_-]{0,79}$/u, 'a name has letters, digits, spaces and . , ( ) _ - only')

/**
 * From `from` until `to` on these days (1 Monday … 7 Sunday) in this zone; over midnight where `to` is the earlier. Once each time.
 * With `zones` each machine goes by the clock of its site, as far as that is one of these or the one above: which, its collector says.
 */
export const Window = z.strictObject({
  kind: z.literal('window'),
  days: z.array(z.number().int().min(1).max(7)).min(1).max(7),
  from: Clock,
  to: Clock,
  timeZone: TimeZone,
  zones: z.array(TimeZone).min(1).max(50).optional(),
})
export type Window = z.infer<typeof Window>

const Match = z.strictObject({
  /** As in a matrix: `health.*` fits all that begins so. */
  kind: z.string().regex(/^[a-z][a-z0-9-]*(\.[a-z0-9][a-z0-9-]*)*(\.\*)?$/, 'a kind is lower-case words joined by dots'),
  minSeverity: Severity.optional(),
  facts: z.record(z.string().min(1).max(100), z.union([z.string().max(1_000), z.number(), z.boolean()])).optional(),
})

/** What this agent itself noticed, and, with `silentMs`, only where its collector says nothing for so long after it. */
export const OnSignal = z.strictObject({
  kind: z.literal('signal'),
  any: z.array(Match).min(1).max(5),
  silentMs: z.number().int().min(500).max(60_000).optional(),
  /** Not again for the same trouble within this. */
  restMinutes: z.number().int().min(0).max(10_080).optional(),
})
export type OnSignal = z.infer<typeof OnSignal>

export const StandingOrder = z
  .strictObject({
    v: z.literal(1),
    id: z.string().min(8).max(64),
    number: z.number().int().positive(),
    name: Name,
    organisationId: z.string().min(1).max(64),
    /** These machines; absent: all of the organisation that are of this role. */
    endpoints: z.array(z.string().min(8).max(64)).min(1).max(250).optional(),
    role: Role.exclude(['unknown']).optional(),
    verb: z.string().min(1).max(100).refine(mayStand, 'this verb is nothing that a machine may do by itself'),
    args: z.record(z.string(), z.unknown()),
    /** Arguments that are facts of what triggers it: by argument the name of the fact. */
    argsFrom: z.record(z.string().max(100), z.string().min(1).max(100)).optional(),
    when: z.discriminatedUnion('kind', [Window, OnSignal]),
    mostRuns: z.number().int().min(1).max(1_000),
    /** Epoch ms. */
    issuedAt: z.number().int(),
    endsAt: z.number().int(),
    /** From this number on it is over. */
    isWithdrawn: z.boolean(),
    /** For people. Never acted on. */
    requestedBy: z.string().max(200),
    reason: z.string().max(500),
    auditHead: z.string().max(100).optional(),
  })
  .refine(({ endpoints, role }) => endpoints !== undefined || role !== undefined, 'name machines, or the role of those that are meant')
  .refine(
    ({ issuedAt, endsAt }) => endsAt > issuedAt && endsAt - issuedAt <= longestStandingMs,
    'a standing order ends after 180 days at most',
  )
  .refine(({ when, argsFrom }) => argsFrom === undefined || when.kind === 'signal', 'only a signal has facts to take arguments from')
export type StandingOrder = z.infer<typeof StandingOrder>

/** As a result says that a machine did it by itself. `run` 0: it was due, and turned away. */
export const StandingRun = z.object({
  orderId: z.string().min(8).max(64),
  number: z.number().int().positive(),
  name: z.string().max(80),
  run: z.number().int().min(0).max(1_000),
  mostRuns: z.number().int().positive(),
  /** Of the signal that triggered it; null: its time came. */
  fingerprint: z.string().max(300).nullable(),
})
export type StandingRun = z.infer<typeof StandingRun>

export type Triggering = Pick<Signal, 'kind' | 'severity' | 'facts' | 'fingerprint' | 'summary'>

export function isTriggeredBy({ any }: OnSignal, { kind, severity, facts }: Triggering): boolean {
  const rank = (each: Severity): number => Severity.options.indexOf(each)
  return any.some(
    (match) =>
      fitsKind(match.kind, kind) &&
      rank(severity) >= rank(match.minSeverity ?? 'info') &&
      Object.entries(match.facts ?? {}).every(([name, value]) => facts[name] === value),
  )
}

export const standingPayload = (order: StandingOrder): string => canonicalJson(order)

/** Of the zones that were signed the one that a machine is said to be in, else the first. */
export const zoneIn = ({ timeZone, zones = [] }: Window, said: string | undefined): string =>
  said !== undefined && zones.includes(said) ? said : timeZone

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}
