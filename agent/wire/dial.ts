import type { IncomingMessage } from 'node:http'
import { type createConnection, isIP, type LookupFunction } from 'node:net'
import { hostname } from 'node:os'
import { type ConnectionOptions, connect, createSecureContext, type SecureContext, type TLSSocket } from 'node:tls'
import { WebSocket } from 'ws'
import { sentenceOf } from '#shared/domain/fault.ts'
import { seconds, type Time } from '#shared/domain/time.ts'
import { Refusal } from '#shared/protocol/enrolment.ts'
import { maxFrameBytes, subprotocol } from '#shared/protocol/limits.ts'

export interface DialOptions {
  /** Such as https://rmm.example.org:7843. */
  collector: string
  tls: SecureContext
  time: Time
  lookup: LookupFunction | undefined
  stop: AbortSignal
}

/** `refused`: the collector answered, with one of its codes. */
export type DialOutcome =
  | { kind: 'open'; socket: WebSocket }
  | { kind: 'refused'; code: string; message: string }
  | { kind: 'unreachable'; message: string }

/** TLS 1.3 alone, and nobody but the pinned CA. Making one costs more than half of what dialling does. @param credentials PEM. */
export const secureContextOf = ({ ca, key, certificate }: { key: string; certificate: string; ca: string }): SecureContext =>
  createSecureContext({ ca: [ca], key, cert: certificate, minVersion: 'TLSv1.3' })

/** A collector that is there answers at once; one that doesn't may have moved. */
const connectTimeoutMs = seconds(10)
/** Then we wait in its line: whoever gives up sooner while the whole fleet comes back has to begin anew, behind everybody. */
const handshakeTimeoutMs = seconds(45)
const maxRefusalBytes = 4_096

/** One try: TLS 1.3 with our certificate, the collector's verified against the pinned CA and its host, then the upgrade. */
export function dial({ collector, tls, time, lookup, stop }: DialOptions): Promise<DialOutcome> {
  const { promise, resolve } = Promise.withResolvers<DialOutcome>()
  const url = new URL('/agent', collector)
  url.protocol = 'wss:'
  const socket = new WebSocket(url, subprotocol, {
    createConnection: caller(tls, time),
    handshakeTimeout: handshakeTimeoutMs,
    maxPayload: maxFrameBytes,
    // For people, who may have to recognise a machine that their collector was restored without.
    headers: { 'user-agent': `tierline-agent (${process.platform}; ${encodeURIComponent(hostname())})` },
    perMessageDeflate: false,
    ...(lookup && { lookup }),
  })
  const giveUp = (): void => socket.terminate()
  stop.addEventListener('abort', giveUp, { once: true })
  if (stop.aborted) giveUp()
  socket.once('open', () => resolve({ kind: 'open', socket }))
  socket.on('error', (error) => resolve({ kind: 'unreachable', message: sentenceOf(error) }))
  socket.once('unexpected-response', (request, response) => {
    void readRefusal(response)
      .then(resolve)
      .finally(() => request.destroy())
  })
  return promise.finally(() => stop.removeEventListener('abort', giveUp))
}

/** What `ws` calls in place of its own tls.connect, which knows one timeout for everything. */
function caller(secureContext: SecureContext, time: Time): typeof createConnection {
  const call = (options: ConnectionOptions): TLSSocket => {
    const { host = '' } = options
    const line = connect({ ...options, path: undefined, servername: isIP(host) ? '' : host, secureContext })
    const cancel = time.after(connectTimeoutMs, () => line.destroy(new Error('nobody answers there')))
    return line.once('connect', cancel).once('close', cancel)
  }
  return call as typeof createConnection
}

async function readRefusal(response: IncomingMessage): Promise<DialOutcome> {
  const status = response.statusCode ?? 0
  const json = parseJson(await readText(response))
  const refusal = Refusal.safeParse(json)
  if (refusal.success) return { kind: 'refused', ...refusal.data }
  return { kind: 'unreachable', message: `the collector answered the upgrade with status ${status}` }
}

/** At most what a refusal may have; an answer that breaks off counts as what came of it. */
function readText(response: IncomingMessage): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>()
  let text = ''
  response.setEncoding('utf8')
  response.on('data', (chunk: string) => {
    text += chunk
    if (text.length > maxRefusalBytes) resolve(text.slice(0, maxRefusalBytes))
  })
  response.on('close', () => resolve(text))
  return promise
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
