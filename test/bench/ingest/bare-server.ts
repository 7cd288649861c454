import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import { decode, encode } from '#shared/protocol/envelope.ts'
import { maxFrameBytes, subprotocol } from '#shared/protocol/limits.ts'
import { AgentMessage } from '#shared/protocol/messages.ts'
import { RecordBody } from '#shared/protocol/record.ts'

/*
 * The yardstick of `ingest`, a process of its own: a bare `ws` server on the same mutual TLS that parses every frame,
 * validates every record with the same schemas, drops it, and acknowledges. Arguments: key, certificate and CA as
 * files. Says its port to the parent.
 */
const [key = '', certificate = '', ca = ''] = process.argv.slice(2)
const tls = { key: readFileSync(key), cert: readFileSync(certificate), ca: readFileSync(ca), requestCert: true, rejectUnauthorized: true }
const server = createServer({ ...tls, minVersion: 'TLSv1.3' })
const sockets = new WebSocketServer({ server, maxPayload: maxFrameBytes, handleProtocols: () => subprotocol })

sockets.on('connection', (socket) => socket.on('message', (data) => answer(socket, String(data))))
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port))

function answer(socket: WebSocket, text: string): void {
  const decoded = decode(AgentMessage, text)
  if (decoded.kind === 'malformed') throw new Error(decoded.reason)
  const { message } = decoded
  if (message.kind === 'hello') socket.send(encode({ kind: 'welcome' }))
  if (message.kind !== 'records') return
  const { epoch, lane, records } = message
  const isValid = records.every((record) => RecordBody.safeParse(record.body).success)
  const seq = records.at(-1)?.seq ?? 0
  socket.send(JSON.stringify({ kind: isValid ? 'ack' : 'refused', epoch, lane, seq, credit: 1_000, now: Date.now() }))
}
