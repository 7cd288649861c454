import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { onTestFinished } from 'vitest'
import { makeAuthority, type PaperAuthority } from './paper-authority.ts'

export interface Answer {
  status: number
  body: unknown
}

/** An agents' port over real TLS whose answers a test decides. */
export interface PaperCollector {
  url: string
  authority: PaperAuthority
  server: Server
  /** What came to `METHOD /path`, bodies parsed, with the client certificate's serial number if it showed one. */
  requests: { to: string; body: unknown; peer: string | undefined }[]
}

export type Answers = Record<string, (body: unknown, peer: string | undefined) => Answer | Promise<Answer>>

/** `shows`: the authority that makes the server's certificate, when it is not the one it tells at /ca. */
export async function startPaperCollector(answers: Answers = {}, shows?: PaperAuthority): Promise<PaperCollector> {
  const authority = await makeAuthority()
  const certificate = await (shows ?? authority).forServer('127.0.0.1')
  const server = createServer({ ...certificate, ca: [authority.pem], minVersion: 'TLSv1.3', requestCert: true, rejectUnauthorized: false })
  const requests: PaperCollector['requests'] = []
  const all: Answers = { 'GET /ca': () => ({ status: 200, body: { certificate: authority.pem } }), ...answers }
  server.on('request', (request, response) => {
    void answerOne(all, requests, request, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, authority, server, requests }
}

async function answerOne(answers: Answers, requests: PaperCollector['requests'], request: IncomingMessage, response: ServerResponse) {
  const chunks: Buffer[] = await request.toArray()
  const text = Buffer.concat(chunks).toString()
  const body: unknown = text === '' ? undefined : JSON.parse(text)
  const to = `${request.method} ${request.url}`
  const peer = (request.socket as TLSSocket).getPeerX509Certificate()?.serialNumber
  requests.push({ to, body, peer })
  const answer = (await answers[to]?.(body, peer)) ?? { status: 404, body: {} }
  response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body))
}
