import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Post {
  path: string
  headers: IncomingHttpHeaders
  body: string
}

/** Somebody on loopback whom the collector calls. */
export interface Listener extends AsyncDisposable {
  url: string
  posts: Post[]
  /** What it answers. */
  status: number
}

export async function startListener(): Promise<Listener> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      listener.posts.push({ path: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks).toString() })
      response.writeHead(listener.status, { location: '/elsewhere' }).end('what it says is nobody’s business')
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const listener: Listener = {
    ...{ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, posts: [], status: 200 },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    },
  }
  return listener
}
