import { readdirSync, readFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CloseCode } from '#shared/protocol/close-codes.ts'
import { startTestCollector, type TestCollector } from '../support/collector.ts'
import { type Credentials, connectRaw, enrolRaw, rawSignal, signalRecord } from '../support/raw-agent.ts'

/*
 * The JSON that parsers disagree about, as a frame of an agent and as the body of every call of the API: each is refused
 * with a word, and the collector serves the next one.
 */

const data = join(import.meta.dirname, '../../../shared/data/json')
const files = filesOf(data)
if (files.length === 0) console.log('not run here: the JSON that parsers disagree about, because ../shared/data is not there')

let collector: TestCollector
let who: Credentials
beforeAll(async () => {
  collector = await startTestCollector()
  who = await enrolRaw(await collector.token(), 'hostile')
})
afterAll(() => collector[Symbol.asyncDispose]())

describe.skipIf(files.length === 0)('JSON that parsers disagree about', () => {
  it.each(files)('%s as a frame ends the session with a word, and the next one begins', async (file) => {
    const agent = await connectRaw(who)
    agent.socket.send(readFileSync(join(data, file)), { binary: false })
    const { code, reason } = await agent.closed
    // 1007: the WebSocket protocol's own word for text that is no UTF-8.
    expect([CloseCode.Malformed, 1007]).toContain(code)
    if (code === CloseCode.Malformed) expect(reason).not.toBe('')
  })

  it('leaves room for a good record', async () => {
    const agent = await connectRaw(who)
    agent.records('signals', 1, signalRecord(rawSignal()))
    expect(await agent.hears('ack')).toMatchObject({ lane: 'signals', seq: 1 })
    await agent.leave()
  })

  it('as the body of every call of the API is refused, signed in or not', { timeout: 120_000 }, async () => {
    const { login, password } = collector.firstSignIn
    const signIn = await call('POST', '/api/session', '', JSON.stringify({ login, password }))
    const calls = await callsWithBody()
    expect(calls.length).toBeGreaterThan(10)
    const wrong: string[] = []
    for (const cookie of [signIn.cookie, '']) {
      for (const [method, path] of calls) {
        for (const file of files) {
          const { status } = await call(method, path, cookie, readFileSync(join(data, file)))
          if (status < 400 || status >= 500) wrong.push(`${status} ${method} ${path} ${file}`)
        }
      }
    }
    expect(wrong).toEqual([])
  })
})

/** Every call that takes a body, with an id that nobody has. */
async function callsWithBody(): Promise<[string, string][]> {
  const { paths } = (await (await fetch(`${collector.consoleUrl}/docs/json`)).json()) as { paths: Record<string, Record<string, object>> }
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([, about]) => 'requestBody' in about)
      .map(([method]): [string, string] => [method.toUpperCase(), path.replaceAll(/\{\w+\}/g, '01a00000-0000-7000-8000-000000000000')]),
  )
}

function call(method: string, path: string, cookie: string, body: Buffer | string): Promise<{ status: number; cookie: string }> {
  const headers = { origin: collector.consoleUrl, cookie, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
  return new Promise((resolve, reject) => {
    const sent = request(new URL(path, collector.consoleUrl), { method, headers }, (response) => {
      const cookies = (response.headers['set-cookie'] ?? []).map((each) => each.split(';')[0])
      response.resume().on('end', () => resolve({ status: response.statusCode ?? 0, cookie: cookies.join('; ') }))
    })
    sent.on('error', reject).end(body)
  })
}

function filesOf(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => name.endsWith('.json'))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
}
