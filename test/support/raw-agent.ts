import { once } from 'node:events'
import { request } from 'node:https'
import { type RawData, WebSocket } from 'ws'
import type { Signal } from '#shared/domain/signal.ts'
import { agentCapabilities } from '#shared/protocol/capabilities.ts'
import { type EnrolRequest, EnrolResponse, readToken } from '#shared/protocol/enrolment.ts'
import { subprotocol } from '#shared/protocol/limits.ts'
import type { AgentMessage, CollectorMessage } from '#shared/protocol/messages.ts'
import type { Lane } from '#shared/protocol/record.ts'
import { certificateRequest, makeKey } from '../../agent/identity/certificate-request.ts'

/** Somebody who speaks the agents' protocol by hand, and can therefore speak it wrongly. */
export interface Credentials {
  url: string
  ca: string
  key: string
  certificate: string
  endpointId: string
}

export interface RawAnswer {
  status: number
  body: Record<string, unknown>
}

/** One HTTPS exchange with the agents' port, with or without a client certificate. */
export async function exchange(
  url: string,
  { method = 'GET', body, tls = {} }: { method?: string; body?: unknown; tls?: { key?: string; cert?: string } } = {},
): Promise<RawAnswer> {
  const content = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body)
  const { promise, resolve, reject } = Promise.withResolvers<RawAnswer>()
  const sent = request(url, { method, rejectUnauthorized: false, agent: false, ...tls }, (response) => {
    let text = ''
    response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
    response.on('end', () => resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) as Record<string, unknown> }))
  })
  sent.on('error', reject).end(content)
  return promise
}

export async function enrolmentOf(token: string, key: string, hostname = 'raw-1'): Promise<{ url: string; request: EnrolRequest }> {
  const read = readToken(token)
  if (!read) throw new TypeError('this is no token')
  const csr = await certificateRequest(key, hostname)
  return { url: read.collector, request: { tokenId: read.id, secret: read.secret, csr, hostname, platform: 'linux' } }
}

export async function enrolRaw(token: string, hostname?: string): Promise<Credentials> {
  const key = makeKey()
  const { url, request: body } = await enrolmentOf(token, key, hostname)
  const ca = String((await exchange(`${url}/ca`)).body.certificate)
  const answer = await exchange(`${url}/enrol`, { method: 'POST', body })
  if (answer.status !== 200) throw new Error(JSON.stringify(answer))
  const { certificate, endpointId } = EnrolResponse.parse(answer.body)
  return { url, ca, key, certificate, endpointId }
}

export type Dialled = { kind: 'open'; agent: RawAgent } | { kind: 'refused'; status: number; body: { code: string; message: string } }

/** Opens the socket, or says how the upgrade was refused. */
export async function dialRaw(who: Partial<Credentials> & { url: string }, path = '/agent', protocol = subprotocol): Promise<Dialled> {
  const { url, key, certificate } = who
  const socket = new WebSocket(`${url.replace('https', 'wss')}${path}`, protocol, {
    rejectUnauthorized: false,
    ...(key !== undefined && { key }),
    ...(certificate !== undefined && { cert: certificate }),
  })
  return new Promise((resolve, reject) => {
    socket.on('error', reject)
    socket.once('open', () => resolve({ kind: 'open', agent: new RawAgent(socket) }))
    socket.once('unexpected-response', (_request, response) => {
      let text = ''
      response.on('data', (chunk: Buffer) => (text += chunk.toString()))
      response.on('end', () => resolve({ kind: 'refused', status: response.statusCode ?? 0, body: JSON.parse(text) }))
    })
  })
}

/** Connected, with the hello said and the welcome heard. */
export async function connectRaw(who: Credentials, epoch = 'epoch-one', capabilities?: string[]): Promise<RawAgent> {
  const dialled = await dialRaw(who)
  if (dialled.kind === 'refused') throw new Error(JSON.stringify(dialled))
  dialled.agent.say(hello(epoch, capabilities))
  await dialled.agent.hears('welcome')
  return dialled.agent
}

export const hello = (epoch: string, capabilities: string[] = [...agentCapabilities]): AgentMessage => ({
  kind: 'hello',
  protocolMinor: 0,
  agentVersion: 'raw',
  capabilities,
  hostname: 'raw-1',
  now: Date.now(),
  epoch,
  last: { security: 0, signals: 0, inventory: 0, samples: 0 },
  isolation: { actual: 'open', readiness: { isReady: false, reason: 'off (raw)' }, since: 0 },
})

let count = 0

export function rawSignal(about: Partial<Signal> = {}): Signal {
  count += 1
  const id = `raw-signal-${String(count).padStart(8, '0')}-${Math.random().toString(36).slice(2)}`
  const what = { kind: 'health.disk.full', severity: 'medium', state: 'raised', fingerprint: 'disk-full:/var', about: '/var' } as const
  return { id, ...what, summary: '/var is full', facts: {}, evidence: [], sensedAt: Date.now(), detector: 'disk-full', ...about }
}

export const signalRecord = (signal: Signal) => ({ v: 1, type: 'signal', signal })

export class RawAgent {
  readonly socket: WebSocket
  readonly closed: Promise<{ code: number; reason: string }>
  readonly #heard: CollectorMessage[] = []
  readonly #kinds: CollectorMessage['kind'][] = []
  #isChanged = Promise.withResolvers<void>()

  constructor(socket: WebSocket) {
    this.socket = socket
    socket.on('message', (data: RawData) => this.#wake(JSON.parse(String(data)) as CollectorMessage))
    this.closed = once(socket, 'close').then(([code, reason]) => ({ code, reason: String(reason) }))
    void this.closed.then(() => this.#isChanged.resolve())
  }

  say(message: AgentMessage | Record<string, unknown>): void {
    this.socket.send(JSON.stringify(message))
  }

  records(lane: Lane, seq: number, ...bodies: unknown[]): void {
    this.say({ kind: 'records', epoch: 'epoch-one', lane, records: bodies.map((body, index) => ({ seq: seq + index, body })) })
  }

  /** Of every message that came, in order. */
  kinds(): CollectorMessage['kind'][] {
    return [...this.#kinds]
  }

  /** The next message of this kind that was not taken yet, within five seconds. */
  async hears<Kind extends CollectorMessage['kind']>(kind: Kind): Promise<Extract<CollectorMessage, { kind: Kind }>> {
    const giveUp = AbortSignal.timeout(5_000)
    const gaveUp = once(giveUp, 'abort')
    for (;;) {
      const at = this.#heard.findIndex((message) => message.kind === kind)
      const [message] = at === -1 ? [] : this.#heard.splice(at, 1)
      if (message) return message as Extract<CollectorMessage, { kind: Kind }>
      if (giveUp.aborted || this.socket.readyState > WebSocket.OPEN) throw new Error(`no ${kind} came`)
      await Promise.race([this.#isChanged.promise, gaveUp])
    }
  }

  /** Until this lane is acknowledged so far: one acknowledgement may stand for several frames. */
  async acknowledgedTo(lane: Lane, seq: number): Promise<void> {
    for (let ack = await this.hears('ack'); ack.lane !== lane || ack.seq < seq; ) ack = await this.hears('ack')
  }

  async leave(): Promise<void> {
    this.socket.close()
    await this.closed
  }

  #wake(message: CollectorMessage): void {
    this.#heard.push(message)
    this.#kinds.push(message.kind)
    this.#isChanged.resolve()
    this.#isChanged = Promise.withResolvers()
  }
}
