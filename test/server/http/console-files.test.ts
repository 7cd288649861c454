import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rawBytes } from './raw-request.ts'
import { startConsole, type TestConsole } from './start-console.ts'
import { visit } from './visitor.ts'

let folder: string
let console_: TestConsole
const get = (path: string) => visit(console_.url).ask('GET', path)

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tierline-dist-'))
  await writeFile(join(folder, 'outside.txt'), 'outside')
  console_ = await startConsole({ config: { console: { host: '127.0.0.1', port: 0 }, consoleDist: join(folder, 'dist') } })
})
afterAll(() => console_[Symbol.asyncDispose]())

describe('the console', () => {
  it('that is not built says what to run', async () => {
    expect(await get('/')).toMatchObject({ status: 503, text: expect.stringContaining('npm run console') })
  })

  it('is served as soon as it is built, for every address it knows', async () => {
    await mkdir(join(folder, 'dist/assets'), { recursive: true })
    await writeFile(join(folder, 'dist/index.html'), '<title>built</title>')
    await writeFile(join(folder, 'dist/assets/app-3f2a.js'), 'start()')
    for (const path of ['/', '/tickets/42', '/endpoints/a?tab=charts']) {
      const page = await get(path)
      expect(page).toMatchObject({ status: 200, text: '<title>built</title>' })
      expect(page.headers.get('cache-control')).toBe('no-cache')
    }
    const asset = await get('/assets/app-3f2a.js')
    expect(asset).toMatchObject({ status: 200, text: 'start()' })
    expect(asset.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
    expect((await get('/assets/gone.js')).status).toBe(404)
  })

  it('serves nothing outside its folder', async () => {
    for (const path of ['/../outside.txt', '/assets/../../outside.txt', '/..%2foutside.txt', '/assets/%2e%2e/%2e%2e/outside.txt']) {
      const first = await rawBytes(console_.url, `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`)
      expect(first, path).not.toContain('200')
    }
  })

  it('runs no script but its own, in nobody’s frame', async () => {
    const { headers } = await get('/')
    const policy = headers.get('content-security-policy') ?? ''
    expect(policy).toContain("script-src 'self';")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).not.toContain('unsafe-eval')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('x-frame-options')).toBe('DENY')
    expect(headers.get('strict-transport-security')).toBeNull()
  })
})
