import type { FastifyReply, FastifyRequest } from 'fastify'
import type { z } from 'zod'
import type { Power } from '#shared/api/session.ts'
import type { Role } from '#shared/domain/endpoint.ts'
import type { Caller } from '../people/caller.ts'
import type { Source } from '../people/programs.ts'
import type { Tx } from '../store/store.ts'
import type { Subject } from './owners.ts'
import type { View } from './view.ts'

/*
 * What a route says of itself. Whoever adds one has to say who may use it, which of its inputs name things of an
 * organisation, and under which word it is audited: `declarations.ts` lets nothing start that leaves one out.
 */

export type Thing =
  | 'organisation'
  | 'site'
  | 'endpoint'
  | 'ticket'
  | 'person'
  | 'source'
  | 'receiver'
  | 'token'
  | 'command'
  | 'bulk'
  | 'window'
  | 'exception'
  | 'standing'

/** `own`: about the caller alone; `organisation`: within the caller's scope; `provider`: for staff of the provider. */
export type Reach = 'own' | 'organisation' | 'provider'

export type Access =
  | { who: 'anyone' }
  | { who: 'source' }
  /**
   * @property power null: whoever is signed in.
   * @property orPower is enough too; what it may then is less, and its route knows.
   * @property isOfTeam of a ticket: a customer's own IT only while it is with them.
   * @property orWhileAsked is enough too while the ticket asks people whether to isolate.
   */
  | { who: 'person'; power: Power | null; orPower?: Power; orWhileAsked?: Power; isOfTeam?: true; reach: Reach }

export type PersonAccess = Extract<Access, { who: 'person' }>

/** Somebody who is signed in, and what they may see and do. */
export interface Person {
  caller: Caller
  /** Of a customer's own IT, and nothing more. */
  isOwnIt: boolean
  /** Those that hold for every machine. */
  powers: Power[]
  /** @param role of the machine it is about; some powers hold for some roles only. */
  has(power: Power, role?: Role): boolean
  /** As one of a customer's own IT, whether this machine of theirs shall be isolated; good where their organisation wants it. */
  answersOwn(role?: Role): boolean
  view: View
  /** Writes this request into the audit within the transaction of what it does; what doesn't is written down after it. */
  record?: (tx: Tx, made?: string) => Promise<void>
}

export const isPerson = (by: Person | Source | undefined): by is Person => by !== undefined && 'caller' in by

/** By whom, as the audit and the kept answers write it. */
export function actorOf(by: Person | Source | undefined): string {
  if (by === undefined) return 'nobody'
  return isPerson(by) ? by.caller.personId : `source:${by.id}`
}

/** Who asks, as far as the route's access says it. */
export type By<A extends Access> = A['who'] extends 'person' ? Person : A['who'] extends 'source' ? Source : undefined

type Input = `params.${string}` | `query.${string}` | `body.${string}`

export interface Asked<P, Q, B, Who> {
  params: P
  query: Q
  body: B
  by: Who
  /** What `names` led to. */
  subject: Subject
  /** As `by.record`, also where nobody is signed in yet. */
  record(tx: Tx): Promise<void>
  request: FastifyRequest
  reply: FastifyReply
}

interface Declaration<A extends Access, P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, Answer extends z.ZodType> {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  path: `/api/${string}`
  /** One sentence for the documentation. */
  summary: string
  access: A
  /** Inputs that name a thing. One out of the caller's scope is answered 404 before the handler runs. */
  names?: Partial<Record<Input, Thing>>
  /** What the audit calls it; said by every method but GET, and by a GET that shows evidence. null: what it makes is its own record. */
  action?: string | null
  /** Takes an Idempotency-Key. `secret`: the answer holds one, so it is not kept and a repeated key is told so. */
  creates?: 'thing' | 'secret'
  params?: P
  query?: Q
  body?: B
  /** Of the body of a success. */
  answer: Answer
  /** 200 unless said otherwise. */
  status?: 200 | 201 | 202 | 204
  handle(asked: Asked<z.output<P>, z.output<Q>, z.output<B>, By<A>>): Promise<z.output<Answer>>
}

/** A declaration, its types forgotten, as the rest of http handles it. */
export type Route = Declaration<Access, z.ZodType, z.ZodType, z.ZodType, z.ZodType>

export function defineRoute<
  const A extends Access,
  P extends z.ZodType,
  Q extends z.ZodType,
  B extends z.ZodType,
  Answer extends z.ZodType,
>(route: Declaration<A, P, Q, B, Answer>): Route {
  return route
}

const reads = { who: 'person', power: null, reach: 'organisation' } as const satisfies PersonAccess

type Reading<P extends z.ZodType, Q extends z.ZodType, Answer extends z.ZodType> = Pick<
  Declaration<typeof reads, P, Q, z.ZodType, Answer>,
  'names' | 'action' | 'params' | 'query' | 'answer' | 'handle'
>

/** What whoever is signed in may read, within their scope. */
export const defineReading = <P extends z.ZodType, Q extends z.ZodType, Answer extends z.ZodType>(
  path: Route['path'],
  summary: string,
  route: Reading<P, Q, Answer>,
): Route => defineRoute({ method: 'GET', path, summary, access: reads, ...route })
