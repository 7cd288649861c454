import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { Problem } from '#shared/api/problem.ts'
import { Fault } from '#shared/domain/fault.ts'
import type { Source } from '../people/programs.ts'
import type { Recorder } from './changes.ts'
import { demandPower, type Guard } from './guard.ts'
import type { Answer, KeptAnswers } from './kept-answers.ts'
import { type Subject, subjectOf } from './owners.ts'
import { refuse } from './problems.ts'
import { type Asked, actorOf, isPerson, type Person, type PersonAccess, type Route } from './route.ts'

/*
 * Enters: a route as it describes itself. Leaves: the same route at Fastify. The life of a request, in order: who is
 * it, may they (guard) → does the input fit (zod) → are the things theirs (owners) → was it done before (kept answers)
 * → do it and write it down (audit) → does the answer fit (zod). A step that refuses throws, and errors.ts answers.
 */

export interface Mounting {
  guard: Guard
  keptAnswers: KeptAnswers
  record: Recorder
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by the guard, which runs before any handler. */
    by: Person | Source | undefined
  }
  interface FastifyContextConfig {
    isDeclared?: boolean
  }
}

/** Nothing below /api goes past the declarations. */
export function refuseUndeclared(app: FastifyInstance): void {
  app.addHook('onRoute', ({ url, config }) => {
    if (url.startsWith('/api') && !config?.isDeclared)
      throw new Fault('route-undeclared', `The route ${url} is not declared by a resource.`)
  })
}

export function mount(app: FastifyInstance, route: Route, { guard, keptAnswers, record }: Mounting): void {
  const status = route.status ?? 200

  const work = async (request: FastifyRequest, reply: FastifyReply, subject: Subject): Promise<Answer> => {
    const line = record(route, request, subject.organisationId)
    if (isPerson(request.by)) request.by = { ...request.by, record: line.within }
    const body = await route.handle(askedOf(request, reply, { subject, record: line.within }))
    await line.after(body)
    return { status, body }
  }

  app.route({
    method: route.method,
    url: route.path,
    config: { isDeclared: true },
    schema: schemaOf(route, status),
    onRequest: async (request, reply) => {
      reply.header('cache-control', 'no-store')
      request.by = await guard(route.access, request)
    },
    handler: async (request, reply) => {
      refuseNul(request)
      const subject = await subjectOf(route, request, request.by)
      demandPower(route.access, request.by, subject)
      const key = route.creates && keyOf(request)
      const answer = key
        ? await keptAnswers.once(onceOf(route, request, key), () => work(request, reply, subject))
        : await work(request, reply, subject)
      // A stream has taken the socket over.
      if (reply.sent) return reply
      if ('isRepeated' in answer && answer.isRepeated) reply.header('idempotency-replayed', 'true')
      return reply.code(answer.status).send(answer.body)
    },
  })
}

/** Text that not every database can hold; nobody types it. After validation, so nothing here is deeper than its schema. */
function refuseNul({ params, query, body }: FastifyRequest): void {
  const [field] = [...nuls({ ...(params as object), ...(query as object), ...(body as object | null) }, '')]
  if (field === undefined) return
  const message = 'holds a NUL character'
  throw refuse('invalid-input', `Check what you sent as ${field}.`, { errors: [{ field, message }] })
}

/** The dotted names of what holds one. */
function* nuls(value: unknown, at: string): Generator<string> {
  if (typeof value === 'string' && value.includes('\0')) yield at
  if (typeof value !== 'object' || value === null) return
  for (const [name, inner] of Object.entries(value)) yield* name.includes('\0') ? [at] : nuls(inner, at === '' ? name : `${at}.${name}`)
}

type AllAsked = Asked<unknown, unknown, unknown, undefined>
function askedOf(request: FastifyRequest, reply: FastifyReply, about: Pick<AllAsked, 'subject' | 'record'>): AllAsked {
  const { params, query, body } = request
  // `by` is what the guard made of this route's access, which is what its handler's type says.
  return { params, query, body, by: request.by as undefined, ...about, request, reply }
}

function keyOf(request: FastifyRequest): string | undefined {
  const key = request.headers['idempotency-key']
  if (key === undefined) return undefined
  if (typeof key === 'string' && /^[\x21-\x7e]{1,200}$/.test(key)) return key
  const message = 'expected 1 to 200 visible characters, such as a UUID'
  throw refuse('invalid-input', `Idempotency-Key: ${message}.`, { errors: [{ field: 'Idempotency-Key', message }] })
}

function onceOf(route: Route, request: FastifyRequest, key: string) {
  return {
    caller: actorOf(request.by),
    route: `${route.method} ${route.path}`,
    key,
    request: [request.params, request.query, request.body],
    holdsSecret: route.creates === 'secret',
  }
}

const failure = { description: 'A Problem, by RFC 9457', content: { 'application/problem+json': { schema: Problem } } }

function schemaOf(route: Route, status: number) {
  return {
    summary: route.summary,
    description: describe(route),
    tags: [route.path.split('/')[2] ?? 'api'],
    security: route.access.who === 'anyone' ? [] : route.access.who === 'source' ? [{ sourceKey: [] }] : [{ cookie: [] }, { token: [] }],
    ...(route.params && { params: route.params }),
    ...(route.query && { querystring: route.query }),
    ...(route.body && { body: route.body }),
    ...(route.creates && { headers: z.object({ 'idempotency-key': z.string().optional() }) }),
    response: { [status]: route.answer, '4xx': failure, '5xx': failure },
  }
}

function describe({ access, creates }: Route): string {
  const who = { anyone: 'Anyone.', source: 'A source, by its key.', person: 'Whoever is signed in.' }[access.who]
  const power = access.who === 'person' && access.power !== null ? ` Needs ${neededPower(access)}.` : ''
  const provider = access.who === 'person' && access.reach === 'provider' ? ' Staff of the provider only.' : ''
  const key = creates ? ' Takes an `Idempotency-Key`.' : ''
  return who + power + provider + key
}

function neededPower({ power, orPower, orWhileAsked }: PersonAccess): string {
  const instead =
    orWhileAsked !== undefined
      ? `; \`${orWhileAsked}\` is enough while the ticket asks whether to isolate`
      : orPower === undefined
        ? ''
        : `, or \`${orPower}\``
  return `the power \`${power}\`${instead}`
}
