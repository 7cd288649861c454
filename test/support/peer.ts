import { connect, createServer as createTcpServer, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'

/*
 * Somebody to talk to on a machine of its own. `listen PORT` answers TCP; `listen PORT KEY CERTIFICATE` (PEM) answers TLS.
 * `connect ADDRESS PORT [ADDRESS PORT …]` prints a line for each, "connected" or why not; `hold ADDRESS PORT` connects,
 * and says when that ends.
 */
const [verb, ...rest] = process.argv.slice(2)
const say = (line: string): boolean => process.stdout.write(`${line}\n`)
const withinMs = 700

if (verb === 'listen') {
  const [port, key, cert] = rest
  const server = key && cert ? createTlsServer({ key, cert }, (socket) => socket.on('error', () => undefined)) : createTcpServer()
  server.on('connection', (socket) => socket.on('error', () => undefined))
  server.listen({ port: Number(port), host: '::' }, () => say('listening'))
} else if (verb === 'connect') {
  const hosts = rest.filter((_, index) => index % 2 === 0)
  const answers = await Promise.all(hosts.map((host, index) => tryOut(host, Number(rest[2 * index + 1]))))
  for (const { answer, socket } of answers) {
    say(answer)
    socket.destroy()
  }
} else {
  const { answer, socket } = await tryOut(rest[0] ?? '', Number(rest[1]))
  socket.on('error', (error: NodeJS.ErrnoException) => say(error.code ?? error.message))
  say(answer)
}

function tryOut(host: string, port: number): Promise<{ answer: string; socket: Socket }> {
  return new Promise((resolve) => {
    const socket = connect({ host, port })
    const answered = (answer: string): void => {
      clearTimeout(timer)
      resolve({ answer, socket })
    }
    const timer = setTimeout(() => answered('no answer'), withinMs)
    socket.on('error', (error: NodeJS.ErrnoException) => answered(error.code ?? error.message))
    socket.on('connect', () => answered('connected'))
  })
}
