import { constants } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { WebSocketServer } from 'ws'
import { maxFrameBytes, pingEveryMs, protocolMinor, subprotocol } from '#shared/protocol/limits.ts'

/*
 * The yardstick of `fleet` and `storm`, a process of its own: a bare `ws` server with the collector's own certificate and
 * TLS settings, which lets every agent in, welcomes it, pings it, and holds it. Arguments: the collector's folder of keys, and the port.
 * Says its port to the parent.
 */
const [keys = '', port = '0'] = process.argv.slice(2)
const { certificate, key } = JSON.parse(readFileSync(join(keys, 'server.json'), 'utf8')) as { certificate: string; key: string }
const server = createServer({
  ...{ cert: certificate, key, ca: readFileSync(join(keys, 'ca.pem')), requestCert: true, rejectUnauthorized: true },
  ...{ minVersion: 'TLSv1.3', secureOptions: constants.SSL_OP_NO_TICKET },
})
const sockets = new WebSocketServer({ server, maxPayload: maxFrameBytes, perMessageDeflate: false, handleProtocols: () => subprotocol })
const about = { kind: 'welcome', protocolMinor, collectorVersion: 'bare', capabilities: [], endpointId: 'nobody-knows', cursors: {} }

sockets.on('connection', (socket) => {
  socket.on('error', () => socket.terminate())
  socket.once('message', () => socket.send(JSON.stringify({ ...about, credit: 1_000, now: Date.now() })))
})
setInterval(() => {
  for (const socket of sockets.clients) socket.ping()
}, pingEveryMs)
server.listen(Number(port), '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port))
