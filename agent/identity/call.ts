import { request } from 'node:https'
import type { LookupFunction } from 'node:net'
import type { z } from 'zod'
import { sentenceOf } from '#shared/domain/fault.ts'
import { Refusal } from '#shared/protocol/enrolment.ts'
import type { Credentials } from './files.ts'

/** How far the other side is known: not yet (its certificate is about to be compared), or by the pinned CA. */
export type Trust = { kind: 'unverified' } | { kind: 'pinned'; ca: string } | { kind: 'mutual'; credentials: Credentials }

export type CallOutcome<Body> =
  | { kind: 'answered'; body: Body }
  | { kind: 'refused'; code: string; message: string }
  | { kind: 'unreachable'; message: string }

const maxAnswerBytes = 65_536
const silenceTimeoutMs = 15_000

/** One JSON exchange with the agents' port: no redirects, no shared sockets, TLS 1.3 or nothing. */
export async function call<Schema extends z.ZodType>(
  url: URL,
  trust: Trust,
  answer: Schema,
  body?: unknown,
  lookup?: LookupFunction,
): Promise<CallOutcome<z.infer<Schema>>> {
  try {
    const { status, text } = await exchange(url, trust, body, lookup)
    const json = parseJson(text)
    if (status !== 200) return refusalOf(status, json)
    const parsed = answer.safeParse(json)
    return parsed.success
      ? { kind: 'answered', body: parsed.data }
      : { kind: 'unreachable', message: `${url.host} answers, but not as a collector` }
  } catch (error) {
    return { kind: 'unreachable', message: whyUnreachable(url, error) }
  }
}

function exchange(url: URL, trust: Trust, body: unknown, lookup?: LookupFunction): Promise<{ status: number; text: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; text: string }>()
  const content = body === undefined ? undefined : JSON.stringify(body)
  const sent = request(
    url,
    {
      method: content === undefined ? 'GET' : 'POST',
      headers: content === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(content) },
      agent: false,
      minVersion: 'TLSv1.3',
      timeout: silenceTimeoutMs,
      ...(lookup && { lookup }),
      ...tlsOf(trust),
    },
    (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
        if (text.length > maxAnswerBytes) response.destroy(new Error('the answer is too long'))
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
      response.on('error', reject)
    },
  )
  sent.on('timeout', () => sent.destroy(new Error('it went silent')))
  sent.on('error', reject)
  sent.end(content)
  return promise
}

function tlsOf(trust: Trust): { ca?: string[]; key?: string; cert?: string; rejectUnauthorized: boolean } {
  switch (trust.kind) {
    case 'unverified':
      return { rejectUnauthorized: false }
    case 'pinned':
      return { ca: [trust.ca], rejectUnauthorized: true }
    case 'mutual': {
      const { ca, key, certificate } = trust.credentials
      return { ca: [ca], key, cert: certificate, rejectUnauthorized: true }
    }
  }
}

function refusalOf(status: number, json: unknown): { kind: 'refused'; code: string; message: string } {
  const refusal = Refusal.safeParse(json)
  if (refusal.success) return { kind: 'refused', ...refusal.data }
  return { kind: 'refused', code: `http-${status}`, message: `the collector answered with status ${status}` }
}

function whyUnreachable(url: URL, error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (code === 'ECONNREFUSED') return `nothing listens at ${url.host}`
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `the name ${url.hostname} can't be resolved`
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return `the certificate at ${url.host} is not made for that name`
  if (/CERT|SIGNATURE|ISSUER/.test(code)) return `the certificate at ${url.host} is not from the collector's own CA (${code})`
  return `${url.host} can't be reached: ${sentenceOf(error)}`
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
