import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { protocolSchema } from '../../../server/http/protocol-schema.ts'
import { startConsole, type TestConsole } from './start-console.ts'
import { visit } from './visitor.ts'

let console_: TestConsole
beforeAll(async () => {
  console_ = await startConsole()
})
afterAll(() => console_[Symbol.asyncDispose]())

const get = (path: string) => visit(console_.url).ask('GET', path)

interface OpenApi {
  openapi: string
  paths: Record<string, Record<string, { requestBody?: unknown; responses: Record<string, unknown>; security: unknown[] }>>
}

describe('the documentation', () => {
  it('describes every route with its answers, and shows none of its own', async () => {
    const { paths, openapi } = (await get('/docs/json')).body as unknown as OpenApi
    expect(openapi).toBe('3.1.0')
    const described = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    )
    const declared = console_.http.routes.map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`)
    expect(described.toSorted()).toEqual(declared.toSorted())
    expect(paths['/api/tickets/{id}/resolve']?.post).toMatchObject({
      security: [{ cookie: [] }, { token: [] }],
      requestBody: {
        content: { 'application/json': { schema: { properties: { version: { type: 'integer' }, resolution: { type: 'string' } } } } },
      },
      responses: { 200: expect.anything(), '4XX': { content: { 'application/problem+json': expect.anything() } } },
    })
  })

  it('is a page that needs no inline script and nothing from elsewhere', async () => {
    const page = await get('/docs')
    expect(page.status).toBe(200)
    const scripts = [...page.text.matchAll(/<script([^>]*)>([^<]*)</g)]
    expect(scripts.length).toBeGreaterThan(0)
    for (const [, attributes, body] of scripts) {
      expect(body?.trim()).toBe('')
      const src = /src="([^"]+)"/.exec(attributes ?? '')?.[1] ?? ''
      expect(src).toMatch(/^\/docs\//)
      expect((await get(src)).status).toBe(200)
    }
    expect(page.text).not.toMatch(/(src|href)="https?:/)
  })

  it('holds the wire protocol as JSON Schema, made from the zod source', async () => {
    const answer = await get('/docs/protocol.json')
    expect(answer.headers.get('content-type')).toContain('application/schema+json')
    expect(answer.body).toEqual(JSON.parse(JSON.stringify(protocolSchema())))
    expect(answer.body).toMatchObject({
      $defs: {
        AgentMessage: expect.anything(),
        RecordBody: expect.anything(),
        CommandOrder: { required: expect.arrayContaining(['nonce']) },
      },
    })
  })
})
