import { compareSeverity } from '#shared/domain/severity.ts'
import { fitsKind, isSecurity } from '#shared/domain/signal.ts'
import type { Subject, Trouble } from '../pipeline/changes.ts'
import type { Matrix } from '../route/matrix.ts'
import { covers, type Reach } from './reach.ts'

/*
 * Enters: a trouble that would open or reopen a ticket, or be a line of a digest, and what is in force: windows, machines
 * that are being updated or started, exceptions. Leaves: what it waits for or why it is spared; undefined: nothing stands in its way.
 * A line of a digest disturbs nobody at night, so it waits for no window.
 * Promises: pure; what waits is kept with its reason and until when, and is decided anew then if it is still true. What joins
 * an open ticket never comes here.
 * Meets: an attacker who works in a maintenance window, or behind what somebody called noise. Security waits for no window
 * and has no exception, but for two: kinds that the matrix names whole wait while a machine updates, unless they are high or
 * critical; and the very program (by its hash) that a false alarm was about, on its machine, for a while.
 */

/** A window that is open. */
export interface OpenWindow extends Reach {
  id: string
  name: string
  closesAt: number
}

export interface Exception extends Reach {
  id: string
  kind: string
  /** null: everything of this kind. */
  fingerprint: string | null
  severity: Trouble['severity']
  until: number
  processSha256: string | null
}

/** A machine that is being updated or started. */
export interface Settling {
  why: 'reboot' | 'update'
  until: number
}

export interface Suppression {
  windows: readonly OpenWindow[]
  /** Whose machines may still come back: for presence they go on. */
  closing: readonly OpenWindow[]
  /** By endpoint. */
  settling: ReadonlyMap<string, Settling>
  exceptions: readonly Exception[]
  /** Keys of detectors that isolate nothing alone. */
  disarmed: ReadonlySet<string>
}

export const nothingSuppressed: Suppression = { windows: [], closing: [], settling: new Map(), exceptions: [], disarmed: new Set() }

export interface Suppressed {
  by: 'window' | 'settling' | 'exception' | 'loud'
  /** Of the window or the exception; of the endpoint that settles; of the ticket that it joined. */
  id: string
  /** null: when the window's machines have had their time to come back, or that ticket has ended. */
  until: number | null
}

export function suppress(
  { windows, closing, settling, exceptions }: Suppression,
  trouble: Trouble,
  subject: Subject,
  isTicket: boolean,
  matrix: Pick<Matrix, 'settling'>,
): Suppressed | undefined {
  if (windows.length + closing.length + settling.size + exceptions.length === 0) return undefined
  const exception = exceptions.find((each) => spares(each, trouble, subject))
  if (exception) return { by: 'exception', id: exception.id, until: exception.until }
  if (isTicket && mayWait(trouble)) {
    const isPresence = fitsKind('presence.*', trouble.kind)
    const open = latest([...windows, ...(isPresence ? closing : [])].filter((window) => covers(window, trouble, subject)))
    if (open) return { by: 'window', id: open.id, until: isPresence ? null : open.closesAt }
  }
  const settles = subject.endpoint ? settling.get(subject.endpoint.id) : undefined
  if (!settles || !subject.endpoint || !waitsToSettle(trouble, matrix)) return undefined
  return { by: 'settling', id: subject.endpoint.id, until: settles.until }
}

/** Security, people, problems and our own troubles never do. */
export const mayWait = ({ kind }: Pick<Trouble, 'kind'>): boolean =>
  !isSecurity(kind) && !['system.*', 'request.*', 'problem.*'].some((pattern) => fitsKind(pattern, kind))

function waitsToSettle({ kind, severity }: Trouble, { settling }: Pick<Matrix, 'settling'>): boolean {
  if (isSecurity(kind)) return settling.security.includes(kind) && compareSeverity(severity, 'high') < 0
  return settling.kinds.some((pattern) => fitsKind(pattern, kind))
}

/**
 * Nothing that is worse than what was called noise; of security only what the very program did, under whatever name of the same family it
 * is seen: who writes to decoys on purpose encrypts on purpose.
 */
function spares(exception: Exception, trouble: Trouble, subject: Subject): boolean {
  const isAlike = exception.processSha256 === null ? exception.kind === trouble.kind : familyOf(exception.kind) === familyOf(trouble.kind)
  if (!isAlike || !covers(exception, trouble, subject)) return false
  if (exception.processSha256 !== null) return trouble.facts.processSha256 === exception.processSha256
  if (isSecurity(trouble.kind) || compareSeverity(trouble.severity, exception.severity) > 0) return false
  return exception.fingerprint === null || exception.fingerprint === trouble.fingerprint
}

/** `security.ransomware` of `security.ransomware.canary`. */
export const familyOf = (kind: string): string => kind.split('.').slice(0, 2).join('.')

const latest = (windows: readonly OpenWindow[]): OpenWindow | undefined => windows.toSorted((a, b) => b.closesAt - a.closesAt)[0]

/** A detector, and within it what it found and the route that took it: a false alarm of one Sigma rule says nothing of another. */
export const armKey = ({ detector, kind, rule }: { detector: string; kind: string; rule: string }): string => `${detector} ${kind} ${rule}`
