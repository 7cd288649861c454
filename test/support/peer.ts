import { connect, createServer as createTcpServer } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'

/*
 * Somebody to talk to on a machine of its own. `listen PORT` answers TCP; `listen PORT KEY CERTIFICATE` (PEM) answers TLS.
 * `connect ADDRESS PORT` prints "connected" or why not; `hold ADDRESS PORT` connects, and says when that ends.
 */
const [verb, ...rest] = process.argv.slice(2)
const say = (line: string): boolean => process.stdout.write(`${line}\n`)
const withinMs = 700

if (verb === 'listen') {
  const [port, key, cert] = rest
  const server = key && cert ? createTlsServer({ key, cert }, (socket) => socket.on('error', () => undefined)) : createTcpServer()
  server.on('connection', (socket) => socket.on('error', () => undefined))
  server.listen({ port: Number(port), host: '::' }, () => say('listening'))
} else {
  const [host = '', port] = rest
  const socket = connect({ host, port: Number(port) })
  const timer = setTimeout(() => end('no answer'), withinMs)
  const end = (line: string): void => {
    say(line)
    socket.destroy()
    clearTimeout(timer)
  }
  socket.on('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message))
  socket.on('connect', () => {
    if (verb === 'connect') return end('connected')
    clearTimeout(timer)
    say('connected')
  })
}
