import type { FastifyRequest } from 'fastify'
import type { Kysely } from 'kysely'
import { hours, type Time } from '#shared/domain/time.ts'
import type { Audit } from '../audit/audit.ts'
import type { Database } from '../store/schema.ts'
import type { Tx } from '../store/store.ts'
import { actorOf, isPerson, type Route } from './route.ts'

/*
 * Enters: a change that is made, or a look at evidence. Leaves: its line in the audit. Promises: no changing route is left out;
 * the line of what touches machines, tickets and orders stands or falls with it, in its transaction, and what doesn't say so
 * there is written down after it. On failure: an act that writes its line itself isn't done; of any other the caller hears.
 * Threat: a secret in the audit; so only the fields listed here go in.
 */

const told = [
  'reason',
  'tried',
  'to',
  'waitingFor',
  'until',
  'resolution',
  'note',
  'role',
  'name',
  'login',
  'teams',
  'isAdmin',
  'mode',
  'plan',
  'language',
  'title',
  'notifier',
  'kind',
] as const

/** Of one request. */
interface Line {
  /** @param made the id of what it made: the target, where the path names none. */
  within(tx: Tx, made?: string): Promise<void>
  /** Nothing, where it was written within. @param answer what the route answered, with the `id` of what it made. */
  after(answer: unknown): Promise<void>
}

export type Recorder = (route: Route, request: FastifyRequest, organisationId: string | null) => Line

export function createRecorder({ audit, db, time }: { audit: Audit; db: Kysely<Database>; time: Time }): Recorder {
  const looks = createLooks(time)
  return (route, request, organisationId) => {
    const { action, method } = route
    let isWritten = false
    const write = async (where: Kysely<Database>, by: FastifyRequest['by'], target: string): Promise<void> => {
      await audit.record(where, {
        actor: actorOf(by),
        action: action ?? '',
        target,
        organisationId: organisationId ?? (isPerson(by) ? by.caller.organisationId : null),
        detail: { ...(isPerson(by) && { via: by.caller.via }), address: request.ip, ...detailOf(request.body) },
      })
      isWritten = true
    }
    return {
      async within(tx, made) {
        if (action && !isWritten) await write(tx, request.by, targetOf(route, action, request, { id: made }))
      },
      async after(answer) {
        if (!action || isWritten) return
        // Whoever signs in is known only now.
        const { by } = request
        const target = targetOf(route, action, request, answer)
        const look = method === 'GET' ? `${actorOf(by)} ${target}` : undefined
        if (look !== undefined && looks.isTold(look)) return
        await write(db, by, target)
        if (look !== undefined) looks.told(look)
      },
    }
  }
}

/** A console asks anew with each change; who looked at what is one line an hour, counted once that line is written. */
function createLooks(time: Time) {
  const since = new Map<string, number>()
  return {
    isTold: (look: string): boolean => (since.get(look) ?? Number.NEGATIVE_INFINITY) > time.now() - hours(1),
    told(look: string): void {
      if (since.size >= maxLooks) since.clear()
      since.set(look, time.now())
    },
  }
}
/** Forgetting costs a few more lines. */
const maxLooks = 10_000

/** `ticket.resolve` on /api/tickets/:id → `ticket:<id>`; `command.ask` on /api/endpoints/:id/commands → the command that came of it. */
function targetOf({ names }: Route, action: string, request: FastifyRequest, answer: unknown): string {
  const what = action.split('.')[0]
  const [named, made] = [idOf(request.params), idOf(answer)]
  const isAboutAnother = names?.['params.id'] !== undefined && names['params.id'] !== what
  return `${what}:${(isAboutAnother ? (made ?? named) : (named ?? made)) ?? actorOf(request.by)}`
}

function idOf(value: unknown): string | undefined {
  const id = (value as { id?: unknown } | null | undefined)?.id
  return typeof id === 'string' ? id : undefined
}

function detailOf(body: unknown): Record<string, unknown> {
  if (typeof body !== 'object' || body === null) return {}
  const entries = Object.entries(body).filter(([name]) => (told as readonly string[]).includes(name))
  return Object.fromEntries(entries)
}
