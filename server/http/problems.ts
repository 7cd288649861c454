import type { Problem } from '#shared/api/problem.ts'
import type { TicketAction } from '#shared/domain/ticket.ts'

/*
 * The one table of what the API refuses, and the one place where a code becomes a status. The documentation prints it.
 * A handler ends a request early by throwing `refuse(code, sentence)`; Fastify's error handler writes the body.
 */

export const problems = {
  'bad-request': { status: 400, title: 'This is not a request that HTTP knows', when: 'the request line or a header is broken' },
  'bad-json': { status: 400, title: 'The body is not JSON', when: 'the body is empty or cannot be parsed' },
  'invalid-input': { status: 400, title: 'Something in the request does not fit', when: '`errors` names each field and what it should be' },
  'sign-in-needed': { status: 401, title: 'Sign in first', when: 'there is no session or token, or it is no longer valid' },
  'sign-in-refused': {
    status: 401,
    title: 'That login and password do not fit together',
    when: 'signing in failed, whichever of the two was wrong',
  },
  'foreign-host': {
    status: 403,
    title: 'The collector does not answer to this name',
    when: 'the Host header names neither its own address nor its public URL',
  },
  'foreign-origin': {
    status: 403,
    title: 'Another website may not do this',
    when: 'the request comes from a page that is not the console',
  },
  'power-missing': {
    status: 403,
    title: 'You do not have the power to do this',
    when: 'none of your teams has the power that the sentence names',
  },
  'provider-only': {
    status: 403,
    title: 'Only staff of the provider may do this',
    when: 'you are bound to one organisation and this concerns all of them',
  },
  'session-only': {
    status: 403,
    title: 'Sign in as a person to do this',
    when: 'a token tries to make another token, or to change a password',
  },
  'sign-in-again': {
    status: 403,
    title: 'Sign in again to do this',
    when: 'it is of high risk, and your session is older than 15 minutes or you use a token',
  },
  'not-found': {
    status: 404,
    title: 'There is no such thing',
    when: 'it does not exist, or it belongs to an organisation that you may not see',
  },
  stale: { status: 409, title: 'Somebody was faster', when: 'the thing changed since you read it; `version` is the one it has now' },
  'not-legal': { status: 409, title: 'That is not possible in its present state', when: '`legal` lists what is' },
  refused: { status: 409, title: 'That cannot be done now', when: 'the sentence says why' },
  taken: { status: 409, title: 'That is already taken', when: 'another person has this login' },
  'key-unfinished': {
    status: 409,
    title: 'Whether this was done is not known',
    when: 'the first request with this Idempotency-Key broke off in its middle: look, then use a new key',
  },
  'key-answered': {
    status: 409,
    title: 'This was already made, and its secret is shown only once',
    when: 'an Idempotency-Key comes again whose answer held a secret',
  },
  'too-large': { status: 413, title: 'The body is too large', when: 'it is longer than 1 MiB' },
  'not-json': { status: 415, title: 'Send JSON', when: 'the body has another content type than application/json' },
  'key-reused': { status: 422, title: 'This key was used for something else', when: 'an Idempotency-Key comes again with another body' },
  'too-many-sign-ins': { status: 429, title: 'Too many attempts to sign in', when: '`retryAfterSeconds` says how long to wait' },
  'too-many-streams': { status: 429, title: 'Too many live streams are open', when: 'one person has 50 of them open' },
  internal: { status: 500, title: 'Something went wrong in the collector', when: 'its log tells more under the id in the sentence' },
} as const satisfies Record<string, { status: number; title: string; when: string }>

export type ProblemCode = keyof typeof problems

/** What a problem carries beside its code and sentence. */
export interface ProblemExtras {
  errors?: { field: string; message: string }[]
  version?: number
  legal?: TicketAction[]
  retryAfterSeconds?: number
}

/** A request that ends here. Expected, so it is not a Fault and is not logged. */
export class Refusal extends Error {
  readonly code: ProblemCode
  readonly extras: ProblemExtras

  constructor(code: ProblemCode, detail: string, extras: ProblemExtras) {
    super(detail)
    this.name = 'Refusal'
    this.code = code
    this.extras = extras
  }
}

/** @param detail one sentence that says what to do. */
export function refuse(code: ProblemCode, detail: string, extras: ProblemExtras = {}): Refusal {
  return new Refusal(code, detail, extras)
}

export function problemOf(refusal: Refusal): Problem {
  const { status, title } = problems[refusal.code]
  return { type: `urn:tierline:problem:${refusal.code}`, title, status, detail: refusal.message, code: refusal.code, ...refusal.extras }
}

/** The table as Markdown, for the documentation. */
export function problemTable(): string {
  const rows = Object.entries(problems).map(([code, { status, title, when }]) => `| ${status} | \`${code}\` | ${title} | ${when} |`)
  return ['| status | code | title | when |', '|---|---|---|---|', ...rows].join('\n')
}
