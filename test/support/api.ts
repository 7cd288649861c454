import { request } from 'node:http'

/** A person's browser, as far as the HTTP API sees it: keeps the cookie, and sends the Origin of the console. */
export interface ApiClient {
  get<Body>(path: string): Promise<Body>
  post<Body>(path: string, body: unknown): Promise<Body>
  put<Body>(path: string, body: unknown): Promise<Body>
  remove(path: string): Promise<void>
  /** Server-sent events, from the first on. @returns what ends it, once the stream is open. */
  listen(path: string, hear: (event: unknown) => void): Promise<() => void>
}

/** Signs in at `consoleUrl` (plain HTTP); `socketPath` leads there from another network namespace. */
export async function signIn(consoleUrl: string, login: string, password: string, socketPath?: string): Promise<ApiClient> {
  const place = { consoleUrl, socketPath }
  const { cookie } = await exchange(place, 'POST', '/api/session', '', { login, password })
  return {
    get: async <Body>(path: string) => (await exchange(place, 'GET', path, cookie)).body as Body,
    post: async <Body>(path: string, body: unknown) => (await exchange(place, 'POST', path, cookie, body)).body as Body,
    put: async <Body>(path: string, body: unknown) => (await exchange(place, 'PUT', path, cookie, body)).body as Body,
    remove: async (path) => void (await exchange(place, 'DELETE', path, cookie)),
    listen: (path, hear) => listen(place, path, cookie, hear),
  }
}

function listen(
  { consoleUrl, socketPath }: { consoleUrl: string; socketPath: string | undefined },
  path: string,
  cookie: string,
  hear: (event: unknown) => void,
): Promise<() => void> {
  return new Promise((resolve, reject) => {
    const sent = request(new URL(path, consoleUrl), { headers: { origin: consoleUrl, cookie }, socketPath }, (response) => {
      let rest = ''
      response.setEncoding('utf8').on('data', (chunk: string) => {
        const lines = `${rest}${chunk}`.split('\n')
        rest = lines.pop() ?? ''
        for (const line of lines) if (line.startsWith('data:')) hear(JSON.parse(line.slice('data:'.length)))
      })
      response.on('error', () => undefined)
      resolve(() => void sent.destroy())
    })
    sent.on('error', reject)
    sent.end()
  })
}

function exchange(
  { consoleUrl, socketPath }: { consoleUrl: string; socketPath: string | undefined },
  method: string,
  path: string,
  cookie: string,
  body?: unknown,
): Promise<{ body: unknown; cookie: string }> {
  const content = body === undefined ? undefined : JSON.stringify(body)
  const headers = { origin: consoleUrl, cookie, ...(content === undefined ? {} : { 'content-type': 'application/json' }) }
  return new Promise((resolve, reject) => {
    const sent = request(new URL(path, consoleUrl), { method, headers, socketPath }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      response.on('end', () => {
        if ((response.statusCode ?? 500) >= 300) return reject(new Error(`${method} ${path}: ${response.statusCode} ${text}`))
        const cookies = (response.headers['set-cookie'] ?? []).map((each) => each.split(';')[0])
        resolve({ body: text === '' ? undefined : JSON.parse(text), cookie: cookies.join('; ') })
      })
    })
    sent.on('error', reject)
    sent.end(content)
  })
}
