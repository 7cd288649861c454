import { password } from './persons.ts'

export interface Answer {
  status: number
  headers: Headers
  text: string
  /** Parsed when it is JSON. */
  body: Record<string, unknown>
}

export interface Visitor {
  cookie: string | undefined
  ask(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>
}

/** A browser or a program: keeps the cookie it gets. */
export function visit(url: string, always: Record<string, string> = {}): Visitor {
  const visitor: Visitor = {
    cookie: undefined,
    ask: async (method, path, body, headers = {}) => {
      const response = await fetch(url + path, {
        method,
        redirect: 'manual',
        headers: {
          ...(visitor.cookie !== undefined && { cookie: visitor.cookie }),
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...always,
          ...headers,
        },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      })
      const set = response.headers.get('set-cookie')?.split(';', 1)[0]
      if (set) visitor.cookie = set
      const text = await response.text()
      return { status: response.status, headers: response.headers, text, body: parsed(text) }
    },
  }
  return visitor
}

export async function signedIn(url: string, login: string): Promise<Visitor> {
  const visitor = visit(url)
  const { status, text } = await visitor.ask('POST', '/api/session', { login, password })
  if (status !== 200) throw new Error(`${login} could not sign in: ${text}`)
  return visitor
}

function parsed(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    return {}
  }
}
