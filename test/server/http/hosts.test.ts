import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rawBytes, rawRequest } from './raw-request.ts'
import { startConsole, type TestConsole } from './start-console.ts'

let console_: TestConsole
let port: string
beforeAll(async () => {
  const config = { console: { host: '127.0.0.1', port: 0 }, publicUrl: 'https://rmm.example.org', consoleDist: '/nowhere' }
  console_ = await startConsole({ config })
  port = new URL(console_.url).port
})
afterAll(() => console_[Symbol.asyncDispose]())

const codeFor = async (headers: Record<string, string>, method = 'GET', path = '/api/session') => {
  const { text } = await rawRequest(console_.url, headers, { method, path })
  return (JSON.parse(text) as { code: string }).code
}

describe('the Host of a request', () => {
  it.each(['127.0.0.1', 'localhost', '[::1]', 'LOCALHOST', 'rmm.example.org'])('may be %s', async (host) => {
    expect(await codeFor({ host })).toBe('sign-in-needed')
    expect(await codeFor({ host: `${host}:${port}` })).toBe('sign-in-needed')
  })

  it.each([
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'evil.example:7840',
    '10.0.0.1',
    '',
    ' ',
    'a b',
    'rmm.example.org@evil.example',
  ])('may not be %j, whatever is asked for', async (host) => {
    for (const path of ['/', '/docs', '/docs/json', '/api/session', '/api/live', '/nothing'])
      expect(await codeFor({ host }, 'GET', path)).toBe('foreign-host')
  })
})

describe('the Origin of a request', () => {
  it('may be the console, by any of its names', async () => {
    expect(await codeFor({ origin: console_.url }, 'DELETE')).toBe('sign-in-needed')
    expect(await codeFor({ host: `localhost:${port}`, origin: `http://localhost:${port}` }, 'DELETE')).toBe('sign-in-needed')
    expect(await codeFor({ origin: 'https://rmm.example.org' }, 'DELETE')).toBe('sign-in-needed')
  })

  it.each(['https://evil.example', 'null', 'http://127.0.0.1:1', 'http://127.0.0.1', 'file://'])(
    'may not be %s, for a change or a stream',
    async (origin) => {
      expect(await codeFor({ origin }, 'POST')).toBe('foreign-origin')
      expect(await codeFor({ origin }, 'DELETE')).toBe('foreign-origin')
      expect(await codeFor({ origin }, 'GET', '/api/live')).toBe('foreign-origin')
    },
  )

  it('is looked at however the target is written', async () => {
    const origin = 'https://evil.example'
    for (const path of [`${console_.url}/api/session`, 'http://evil.example/api/session?x', '/api/session?/x'])
      expect(await codeFor({ origin }, 'GET', path)).toBe('foreign-origin')
  })

  it.each(['cross-site', 'same-site'])('may not be hidden: the browser says %s', async (site) => {
    expect(await codeFor({ 'sec-fetch-site': site }, 'POST')).toBe('foreign-origin')
    expect(await codeFor({ 'sec-fetch-site': site }, 'GET', '/api/live')).toBe('foreign-origin')
  })
})

describe('an upgrade', () => {
  const upgrade = (host: string, path: string) =>
    rawBytes(
      console_.url,
      `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n`,
    )

  it('passes the same door and opens nothing', async () => {
    expect(await upgrade('evil.example', '/api/live')).toBe('HTTP/1.1 403 Forbidden')
    expect(await upgrade(`127.0.0.1:${port}`, '/api/live')).toBe('HTTP/1.1 401 Unauthorized')
  })
})
