import type { X509Certificate } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { TLSSocket } from 'node:tls'
import type { Logger } from 'pino'
import type { z } from 'zod'
import { sentenceOf } from '#shared/domain/fault.ts'
import type { Time } from '#shared/domain/time.ts'
import { RefusalCode } from '#shared/protocol/close-codes.ts'
import { EnrolRequest, RenewRequest } from '#shared/protocol/enrolment.ts'
import { decode } from '#shared/protocol/envelope.ts'
import type { Archives } from '../archive/archive.ts'
import type { Identity } from '../identity/identity.ts'
import { createArchiveExchange } from './archives.ts'
import { createAttemptLimit } from './attempt-limit.ts'

/** Twice what the largest request needs. */
const maxBodyBytes = 32_768

export interface ExchangeNeeds {
  identity: Identity
  time: Time
  log: Logger
  /** None are taken, when absent. */
  archives?: Archives | undefined
}

export interface Answer {
  status: number
  body: unknown
  /** Header fields of its own. */
  fields?: Record<string, string>
}

/** The plain exchanges of the agents' port; everything else that is asked of it is answered 404. */
export function createExchanges({ identity, time, log, archives }: ExchangeNeeds) {
  const limit = createAttemptLimit(time)
  const ofArchive = createArchiveExchange(identity, archives)

  const enrol = async (request: IncomingMessage): Promise<Answer> => {
    const outcome = await withBody(EnrolRequest, request, (body) => identity.enrol(body))
    return outcome.kind === 'enrolled' ? { status: 200, body: outcome.response } : refusal(outcome)
  }
  const renew = async (request: IncomingMessage): Promise<Answer> => {
    const outcome = await withBody(RenewRequest, request, ({ csr }) => identity.renew(peerOf(request), csr))
    return outcome.kind === 'renewed' ? { status: 200, body: { certificate: outcome.certificate } } : refusal(outcome)
  }
  /** Whoever failed too often from one address waits; whoever succeeds never does. */
  const limited =
    (exchange: typeof enrol) =>
    async (request: IncomingMessage): Promise<Answer> => {
      const address = addressOf(request)
      if (limit.isSpent(address)) return refusal({ code: RefusalCode.TooMany, message: 'too many failed attempts; wait a minute' })
      const answer = await exchange(request)
      if (answer.status !== 200) {
        limit.failed(address)
        log.warn({ address, path: request.url, refusal: answer.body }, 'an exchange was refused')
      }
      return answer
    }

  const exchanges: Record<string, (request: IncomingMessage) => Promise<Answer>> = {
    'GET /ca': async () => ({ status: 200, body: { certificate: identity.caPem } }),
    'POST /enrol': limited(enrol),
    'POST /renew': limited(renew),
  }
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const exchange = exchanges[`${request.method} ${request.url}`]
    try {
      answer(response, exchange ? await exchange(request) : ((await ofArchive(request)) ?? notFound))
    } catch (error) {
      log.error({ address: addressOf(request), path: request.url, reason: sentenceOf(error) }, 'an exchange failed')
      answer(response, { status: 500, body: { code: 'internal', message: 'something failed at the collector; try again' } })
    }
  }
}

export const notFound: Answer = { status: 404, body: { code: 'not-found', message: 'there is nothing here; agents know where to go' } }

export function refusal({ code, message }: { code: RefusalCode; message: string }): Answer {
  const status = code === RefusalCode.BadRequest ? 400 : code === RefusalCode.TooMany ? 429 : 403
  return { status, body: { code, message } }
}

/** The client certificate of the TLS session, as it came: whether it is ours is for identity to say. */
export const peerOf = (request: IncomingMessage): X509Certificate | undefined => (request.socket as TLSSocket).getPeerX509Certificate()

export const addressOf = (request: IncomingMessage): string => request.socket.remoteAddress ?? 'unknown'

async function withBody<Schema extends z.ZodType, Outcome>(
  schema: Schema,
  request: IncomingMessage,
  use: (body: z.infer<Schema>) => Promise<Outcome>,
): Promise<Outcome | { kind: 'refused'; code: RefusalCode; message: string }> {
  const text = await readBody(request)
  const decoded = text === undefined ? tooLong : decode(schema, text)
  return decoded.kind === 'message' ? use(decoded.message) : { kind: 'refused', code: RefusalCode.BadRequest, message: decoded.reason }
}

const tooLong = { kind: 'malformed', reason: `the body is longer than ${maxBodyBytes} bytes` } as const

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > maxBodyBytes) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

function answer(response: ServerResponse, { status, body, fields }: Answer): void {
  const text = JSON.stringify(body)
  response
    .writeHead(status, { ...fields, 'content-type': 'application/json', 'content-length': Buffer.byteLength(text), connection: 'close' })
    .end(text)
}
