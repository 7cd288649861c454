import { z } from 'zod'
import { FoundOut, FoundOutcome, maxOrderBytes } from '../domain/command.ts'
import type { Role } from '../domain/endpoint.ts'
import { oldestFirst } from './page.ts'
import type { Power } from './session.ts'

/** A command that a restore holds. POST /api/commands/:id/send asks for it anew, /drop ends it; both answer 204. */
export const HeldCommand = z.object({
  id: z.string(),
  verb: z.string(),
  /** Name of the person, or "Tierline". */
  requestedBy: z.string(),
  reason: z.string(),
  requestedAt: z.number().int(),
})
export type HeldCommand = z.infer<typeof HeldCommand>

/** GET /api/commands/unsigned: what waits for operators, the oldest first. The payload is the bytes to sign, and all that counts. */
export const UnsignedQuery = z.object(oldestFirst(200))
export const UnsignedCommands = z.object({
  commands: z.array(
    z.object({
      id: z.string(),
      payload: z.string().max(maxOrderBytes),
      /** An order over many machines, which POST /api/bulk/:id/signatures takes the signature of. */
      isBulk: z.boolean(),
      /** What the collector calls them, in the order of the payload. */
      machines: z.array(z.object({ id: z.string(), name: z.string() })),
      signedBy: z.array(z.string()),
      needed: z.number().int(),
    }),
  ),
  hasMore: z.boolean(),
})
export type UnsignedCommands = z.infer<typeof UnsignedCommands>

/** POST /api/commands/:id/signatures: a compact JWS over the payload, by an operator in force. */
export const NewSignature = z.object({ jws: z.string().max(65_536) })
export const SignatureAnswer = z.object({ status: z.enum(['queued', 'waits']), signed: z.number().int(), needed: z.number().int() })

/** POST /api/endpoints/:id/commands: 202 with its id; what is more than protective waits for operators. */
export const NewCommand = z.object({
  verb: z.string().min(1).max(100),
  args: z.record(z.string(), z.unknown()).default({}),
  reason: z.string().trim().min(1).max(500),
  ticketId: z.string().max(64).optional(),
})
export const CommandAsked = z.object({ id: z.string() })

/** GET /api/commands/:id: its life, each step with its instant (null: not yet, or never), and what it writes while it runs. */
export const CommandDetail = z.object({
  id: z.string(),
  verb: z.string(),
  endpointId: z.string(),
  ticketId: z.string().nullable(),
  status: z.string(),
  risk: z.string(),
  requestedBy: z.string(),
  reason: z.string(),
  requestedAt: z.number().int(),
  expiresAt: z.number().int(),
  sentAt: z.number().int().nullable(),
  deliveredAt: z.number().int().nullable(),
  runningAt: z.number().int().nullable(),
  settledAt: z.number().int().nullable(),
  detail: z.string().nullable(),
  /** What its result says; text of a machine. */
  output: z.record(z.string(), z.unknown()).nullable(),
  /** While it runs: how far it is, and the beginning of what it wrote. Text of a machine: never markup. */
  live: z.object({ done: z.number().nullable(), note: z.string(), text: z.string(), isCut: z.boolean() }).nullable(),
  /** A file it brought: GET /api/commands/:id/archive. */
  archive: z.object({ bytes: z.number(), sha256: z.string() }).nullable(),
  /** What somebody found out, where its outcome was unknown. */
  found: FoundOut.nullable(),
})
export type CommandDetail = z.infer<typeof CommandDetail>

/** POST /api/commands/:id/outcome: what became of one whose outcome is unknown, by whoever looked; 204. */
export const FoundCommand = z.object({ outcome: FoundOutcome, note: z.string().trim().min(1).max(500) })
export type FoundCommand = z.infer<typeof FoundCommand>

/** POST /api/organisations/:id/scripts: whether scripts run on their machines; 204. What is against an attack always does. */
export const ScriptsSwitch = z.object({ isOff: z.boolean() })
export type ScriptsSwitch = z.infer<typeof ScriptsSwitch>

/** Defaults §9, by verb. One that isn't here needs as much as a shell. */
const powerOf: Readonly<Record<string, Power>> = {
  ping: 'look-after',
  'collect-diagnostics': 'look-after',
  'restart-service': 'look-after',
  'rearm-canaries': 'look-after',
  'backup-list': 'look-after',
  reboot: 'run-library',
  'install-updates': 'run-library',
  'isolate-host': 'isolate',
  'suspend-process': 'isolate',
  'stop-process': 'isolate',
  'quarantine-file': 'isolate',
  'release-host': 'release',
  'resume-process': 'release',
  'restore-file': 'run-anything',
  'restore-from-backup': 'run-anything',
  'run-script': 'run-anything',
}

const isVital = (role: Role | undefined): boolean => role !== 'workstation' && role !== 'server'

/** All that somebody needs to ask a machine of this role for it, or to let it go out after a restore. */
export function powersToAsk(verb: string, role: Role | undefined): Power[] {
  const power = powerOf[verb] ?? 'run-anything'
  return power === 'run-library' && isVital(role) ? [power, 'run-anything'] : [power]
}
