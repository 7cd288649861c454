import type { z } from 'zod'
import { Problem } from '#shared/api/problem.ts'
import type { Clock } from '../time/clock.tsx'

/** What the collector refused, in its own sentence. */
export class Refusal extends Error {
  readonly status: number
  readonly code: string

  constructor(status: number, code: string, sentence: string) {
    super(sentence)
    this.name = 'Refusal'
    this.status = status
    this.code = code
  }
}

export const isSignedOut = (error: unknown): boolean => error instanceof Refusal && error.status === 401
export const isStale = (error: unknown): boolean => error instanceof Refusal && error.code === 'stale'

export interface Request {
  method?: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  body?: unknown
  /** Makes a POST that creates something safe to send again. */
  idempotencyKey?: string
  stop?: AbortSignal
}

export type Call = <T>(path: string, answer: z.ZodType<T>, request?: Request) => Promise<T>

/** One way to the collector: JSON there, JSON back, parsed, and what it refuses is thrown as a Refusal. */
export function createCall(clock: Clock): Call {
  return async (path, answer, request = {}) => {
    const response = await send(path, request)
    clock.noteDate(response.headers.get('date'))
    const body: unknown = response.status === 204 ? undefined : await response.json().catch(() => undefined)
    if (!response.ok) throw refusalOf(response.status, body)
    return answer.parse(body)
  }
}

async function send(path: string, request: Request): Promise<Response> {
  const headers: Record<string, string> = { accept: 'application/json' }
  if (request.body !== undefined) headers['content-type'] = 'application/json'
  if (request.idempotencyKey) headers['idempotency-key'] = request.idempotencyKey
  try {
    return await fetch(`/api${path}`, {
      method: request.method ?? 'GET',
      headers,
      credentials: 'same-origin',
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
      ...(request.stop ? { signal: request.stop } : {}),
    })
  } catch (cause) {
    if (request.stop?.aborted) throw cause
    throw new Refusal(0, 'unreachable', 'The collector does not answer. Is it running, and is this computer online?')
  }
}

function refusalOf(status: number, body: unknown): Refusal {
  const problem = Problem.safeParse(body)
  if (!problem.success) return new Refusal(status, 'unknown', `The collector answered ${status} and did not say why.`)
  const fields = problem.data.errors?.map((error) => `${error.field}: ${error.message}`).join('; ')
  return new Refusal(status, problem.data.code, fields ? `${problem.data.detail} (${fields})` : problem.data.detail)
}
