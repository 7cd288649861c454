import { type LookupAddress, lookup } from 'node:dns'
import { type IncomingMessage, request as plain } from 'node:http'
import { request as encrypted } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { sentenceOf } from '#shared/domain/fault.ts'
import { seconds, type Time } from '#shared/domain/time.ts'
import { isOwnAddress } from './addresses.ts'
import type { Delivery } from './notifier.ts'

/** One request to an address that an admin chose. Its answer's body is nobody's business: it is never read, so it can't be leaked. */
export type Post = (url: string, request: { headers: Record<string, string>; body: string }, stop: AbortSignal) => Promise<Delivery>

/** Long enough for a slow service, short enough that its queue moves. */
const timeoutMs = seconds(10)

/**
 * The collector calls from inside the provider's network, so a receiver's address could be aimed at what listens on the
 * collector itself or at its host's metadata service. Those are refused when the connection is made, not when the name is
 * checked: a name may lead somewhere else a second later.
 * @param mayCall hosts ("127.0.0.1", "localhost") that the operator has named all the same.
 */
export function createPost({ time, mayCall }: { time: Time; mayCall: readonly string[] }): Post {
  return async (url, { headers, body }, stop) => {
    const { protocol, hostname } = new URL(url)
    const host = hostname.replace(/^\[|\]$/g, '')
    const isNamed = mayCall.includes(host)
    if (!isNamed && isIP(host) !== 0 && isOwnAddress(host)) return refused
    const late = new AbortController()
    const cancel = time.after(timeoutMs, () => late.abort())
    try {
      const signal = AbortSignal.any([stop, late.signal])
      return judge(await ask(protocol, url, { headers, signal, ...(isNamed ? {} : { lookup: guarded }) }, body))
    } catch (error) {
      if (error instanceof OwnAddress) return refused
      const reason = late.signal.aborted ? `no answer within ${timeoutMs / 1_000} s` : sentenceOf(error)
      return { kind: 'failed', isRetryable: true, reason }
    } finally {
      cancel()
    }
  }
}

class OwnAddress extends Error {}

const refused: Delivery = {
  kind: 'failed',
  isRetryable: false,
  reason: 'its address is the collector’s own machine or a metadata service; start the collector with --may-call HOST if that is meant',
}

interface Options {
  headers: Record<string, string>
  signal: AbortSignal
  lookup?: LookupFunction
}

/** The status. A redirect could lead anywhere, with our signature, so none is followed. */
function ask(protocol: string, url: string, options: Options, body: string): Promise<number> {
  const request = protocol === 'https:' ? encrypted : plain
  const length = { 'content-length': String(Buffer.byteLength(body)) }
  return new Promise((resolve, reject) => {
    const answered = (response: IncomingMessage): void => {
      response.on('error', reject)
      response.resume()
      resolve(response.statusCode ?? 0)
    }
    const asked = request(url, { ...options, method: 'POST', agent: false, headers: { ...options.headers, ...length } }, answered)
    asked.on('error', reject)
    asked.end(body)
  })
}

/** Resolves as Node would, and knows none of our own addresses. */
const guarded: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error: NodeJS.ErrnoException | null, found: LookupAddress[] = []) => {
    if (error) return callback(error, '')
    const others = found.filter(({ address }) => !isOwnAddress(address))
    const [first] = others
    if (!first) return callback(new OwnAddress(), '')
    return options.all ? callback(null, others) : callback(null, first.address, first.family)
  })
}

/** 408, 425, 429 and 5xx may be different next time (RFC 9110 §15); the rest would answer the same again. */
function judge(status: number): Delivery {
  if (status >= 200 && status < 300) return { kind: 'delivered' }
  const isRetryable = status >= 500 || [408, 425, 429].includes(status)
  const reason = status >= 300 && status < 400 ? `it answered ${status}, and redirects are not followed` : `it answered ${status}`
  return { kind: 'failed', isRetryable, reason }
}
