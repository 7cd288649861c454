import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod'
import type { Logger } from 'pino'
import { type ProblemCode, problemOf, problems, Refusal, refuse } from './problems.ts'

/*
 * Enters: whatever was thrown on the way to an answer. Leaves: a Problem. Promises: one place writes refusals; what was
 * not expected is logged once, with the id that the answer names, and tells the caller nothing else.
 * Threat: an error message that gives away a query, a path or a secret.
 */

export function answerErrors(app: FastifyInstance, log: Logger): void {
  app.setErrorHandler((error, request, reply) => sendProblem(reply, refusalOf(error, request, log)))
}

/** What Fastify can't even route. */
export function answerUnroutable(_error: FastifyError, _request: FastifyRequest, reply: FastifyReply): void {
  sendProblem(reply, unreadable())
}

export function sendProblem(reply: FastifyReply, refusal: Refusal): FastifyReply {
  const problem = problemOf(refusal)
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer')
  if (problem.retryAfterSeconds !== undefined) reply.header('retry-after', problem.retryAfterSeconds)
  // Serialised here: a route's schemas describe its successes, and these are its failures.
  return reply.code(problem.status).type('application/problem+json; charset=utf-8').serializer(String).send(JSON.stringify(problem))
}

/** Fastify's own codes that are the caller's mistake. */
const codes: Record<string, ProblemCode> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'too-large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'not-json',
  FST_ERR_CTP_INVALID_JSON_BODY: 'bad-json',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'bad-json',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'bad-request',
}

function refusalOf(error: unknown, request: FastifyRequest, log: Logger): Refusal {
  if (error instanceof Refusal) return error
  if (hasZodFastifySchemaValidationErrors(error)) return invalidInput(error)
  const { code, statusCode = 500 } = error as Partial<FastifyError>
  const known = code === undefined ? undefined : codes[code]
  if (known) return refuse(known, `${problems[known].title}: ${problems[known].when}.`)
  if (statusCode < 500) return unreadable()
  log.error({ err: error, requestId: request.id, method: request.method, route: request.routeOptions.url }, 'a request failed')
  return refuse('internal', `Something went wrong here; the collector's log has it under ${request.id}.`)
}

const unreadable = () => refuse('bad-request', 'The request could not be read: check its address, headers and body.')

function invalidInput(error: {
  validation: { instancePath: string; message?: string }[]
  validationContext?: string | undefined
}): Refusal {
  const errors = error.validation.map(({ instancePath, message }) => ({
    field: instancePath.slice(1).replaceAll('/', '.') || (error.validationContext ?? 'body'),
    message: message ?? 'does not fit',
  }))
  const fields = [...new Set(errors.map(({ field }) => field))].join(', ')
  return refuse('invalid-input', `Check what you sent as ${fields}.`, { errors })
}
