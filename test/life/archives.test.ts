import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { existsSync, readFileSync, rmSync, statSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { seconds } from '#shared/domain/time.ts'
import { archivePath, contentRange, maxArchiveBytes, offsetField, reprDigest } from '#shared/protocol/archive.ts'
import { readIdentity } from '../../agent/identity/files.ts'
import { systemTime } from '../../agent/system-time.ts'
import { upload } from '../../agent/wire/upload.ts'
import { startTestAgent, type TestAgent } from '../support/agent.ts'
import { type ApiClient, signIn } from '../support/api.ts'
import { startTestCollector, type TestCollector } from '../support/collector.ts'

/* Archives over the agents' port: one collector, two agents, real sockets. */
const within = { timeout: seconds(20), interval: 50 }
let collector: TestCollector
let agents: [TestAgent, TestAgent]
let person: ApiClient
beforeAll(async () => {
  collector = await startTestCollector()
  const start = async () => startTestAgent({ token: await collector.token({ role: 'workstation' }), detectors: [] })
  agents = [await start(), await start()]
  person = await signIn(collector.consoleUrl, collector.firstSignIn.login, collector.firstSignIn.password)
})
afterAll(async () => {
  for (const agent of agents ?? []) {
    await agent.stop('stop')
    rmSync(agent.dataDir, { recursive: true, force: true })
  }
  await collector?.[Symbol.asyncDispose]()
})

interface Sending {
  by?: TestAgent
  from?: number
  total?: number
  sha256?: string
  /** Breaks the line once so many bytes are out. */
  breakAfter?: number
}
type Answered = { status: number; offset: number }

/** A request as an agent makes it, with all that can be wrong about it. */
function send(id: string, method: 'PUT' | 'HEAD', content = Buffer.alloc(0), sending: Sending = {}): Promise<Answered> {
  const { by = agents[0], from = 0, total = content.length, sha256 = hashOf(content), breakAfter } = sending
  const { credentials, pinned } = readIdentity(by.dataDir)
  const piece = { from, length: content.length, total, sha256 }
  const headers = { 'content-range': contentRange(piece), 'repr-digest': reprDigest(piece), 'content-length': content.length }
  const tls = { ca: [credentials.ca], key: credentials.key, cert: credentials.certificate, agent: false as const }
  return new Promise((resolve, reject) => {
    const sent = request(
      new URL(archivePath(id), pinned.collector),
      { method, ...(method === 'PUT' && { headers }), ...tls },
      (response) => {
        response
          .resume()
          .on('end', () => resolve({ status: response.statusCode ?? 0, offset: Number(response.headers[offsetField] ?? -1) }))
      },
    )
    sent.on('error', reject)
    if (breakAfter === undefined) return void sent.end(content)
    sent.write(content.subarray(0, breakAfter), () => setTimeout(() => sent.destroy(new Error('cut')), 50))
  })
}
/** As a browser gets a file. */
async function download(path: string): Promise<Buffer> {
  const { consoleUrl, firstSignIn } = collector
  const headers = { origin: consoleUrl, 'content-type': 'application/json' }
  const signedIn = await fetch(new URL('/api/session', consoleUrl), { method: 'POST', headers, body: JSON.stringify(firstSignIn) })
  const [cookie = ''] = (signedIn.headers.get('set-cookie') ?? '').split(';')
  return Buffer.from(await (await fetch(new URL(path, consoleUrl), { headers: { cookie } })).arrayBuffer())
}
const hashOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')
const fileOf = (id: string): string => join(collector.dataDir, 'archives', `${id}.tar.gz`)

/** A command of the first agent that may bring an archive. */
async function asked(): Promise<string> {
  const id = randomUUID()
  const about = { organisation_id: collector.organisationId, endpoint_id: agents[0].endpointId, verb: 'collect-diagnostics', args: '{}' }
  const life = {
    status: 'sent' as const,
    requested_by: 'system',
    reason: 'r',
    requested_at: 1,
    expires_at: Date.now() + 60_000,
    sent_at: Date.now(),
  }
  await collector.store.db
    .insertInto('commands')
    .values({ id, ...about, risk: 'protective', ...life })
    .execute()
  return id
}

it('diagnostics bring all of it as an archive, with progress; who looked at it is in the audit', async () => {
  await expect.poll(() => agents.every((agent) => agent.isConnected()), within).toBe(true)
  const { id } = await person.post<{ id: string }>(`/api/endpoints/${agents[0].endpointId}/commands`, {
    verb: 'collect-diagnostics',
    reason: 'look',
  })
  await expect.poll(async () => (await person.get<{ status: string }>(`/api/commands/${id}`)).status, within).toBe('succeeded')
  const detail = await person.get<{
    archive: { bytes: number; sha256: string }
    runningAt: number
    deliveredAt: number
    output: { archive: object }
  }>(`/api/commands/${id}`)
  expect(detail.output.archive).toEqual(detail.archive)
  expect([detail.runningAt, detail.deliveredAt]).toEqual([expect.any(Number), expect.any(Number)])
  expect(statSync(fileOf(id)).mode & 0o777).toBe(0o600)
  expect(hashOf(readFileSync(fileOf(id)))).toBe(detail.archive.sha256)
  const text = gunzipSync(readFileSync(fileOf(id))).toString('utf8')
  expect(text).toContain('SHA256SUMS')
  expect(text).toContain('processes.txt')

  expect(hashOf(await download(`/api/commands/${id}/archive`))).toBe(detail.archive.sha256)
  const lines = await collector.store.db.selectFrom('audit').select(['action', 'target']).where('action', '=', 'archive.view').execute()
  expect(lines).toEqual([{ action: 'archive.view', target: `archive:${id}` }])

  // As after a restore, whose backup has the row and not the file.
  rmSync(fileOf(id))
  expect(JSON.parse((await download(`/api/commands/${id}/archive`)).toString())).toMatchObject({ code: 'not-found' })
})

it('one order for both brings the archive of each, though agents know both by one id', async () => {
  const endpoints = agents.map(({ endpointId }) => endpointId)
  const body = { organisationId: collector.organisationId, verb: 'collect-diagnostics', reason: 'look', endpoints }
  const { id } = await person.post<{ id: string }>('/api/bulk', body)
  await expect.poll(async () => (await person.get<{ status: string }>(`/api/bulk/${id}`)).status, within).toBe('done')
  const { machines } = await person.get<{ machines: { commandId: string; status: string }[] }>(`/api/bulk/${id}`)
  expect(machines.map(({ status }) => status)).toEqual(['succeeded', 'succeeded'])
  for (const { commandId } of machines) {
    const { archive } = await person.get<{ archive: { sha256: string } }>(`/api/commands/${commandId}`)
    expect(hashOf(readFileSync(fileOf(commandId)))).toBe(archive.sha256)
  }
})

describe('an archive', () => {
  const whole = randomBytes(600_000)

  it('whose line was cut in the middle goes on where it ended, and is whole', async () => {
    const id = await asked()
    await expect(send(id, 'PUT', whole, { breakAfter: 200_000 })).rejects.toThrow()
    await expect.poll(async () => (await send(id, 'HEAD')).offset, within).toBeGreaterThan(0)
    const { offset } = await send(id, 'HEAD')
    expect(offset).toBeLessThan(whole.length)
    expect(existsSync(fileOf(id))).toBe(false)
    const shown: number[] = []
    const { pinned, credentials } = readIdentity(agents[0].dataDir)
    const identity = { collector: pinned.collector, lookup: undefined, credentials: async () => credentials }
    expect(await upload({ identity, time: systemTime }, id, whole, (ratio) => void shown.push(ratio))).toMatchObject({ kind: 'stored' })
    expect(shown[0]).toBeGreaterThan(offset / whole.length)
    expect(hashOf(readFileSync(fileOf(id)))).toBe(hashOf(whole))
    expect(await send(id, 'HEAD')).toEqual({ status: 200, offset: whole.length })
  })

  it('of one machine is written into by no other', async () => {
    const id = await asked()
    expect((await send(id, 'PUT', whole.subarray(0, 9), { by: agents[1] })).status).toBe(404)
    expect((await send(id, 'HEAD', undefined, { by: agents[1] })).status).toBe(404)
    expect((await send(randomUUID(), 'PUT', whole.subarray(0, 9))).status).toBe(404)
  })

  it('that is not the file it was said to be is thrown away, and may come anew', async () => {
    const id = await asked()
    const small = whole.subarray(0, 1_000)
    expect((await send(id, 'PUT', small, { sha256: hashOf(whole) })).status).toBe(422)
    expect(existsSync(fileOf(id))).toBe(false)
    expect(await send(id, 'HEAD')).toMatchObject({ status: 200, offset: 0 })
    expect((await send(id, 'PUT', small)).status).toBe(200)
  })

  it('never grows beyond what was announced, or what is taken at all', async () => {
    const id = await asked()
    expect((await send(id, 'PUT', whole.subarray(0, 9), { total: maxArchiveBytes + 1 })).status).toBe(413)
    expect((await send(id, 'PUT', whole.subarray(0, 9), { total: 100 })).status).toBe(200)
    expect((await send(id, 'PUT', whole.subarray(0, 9), { from: 50, total: 100, sha256: hashOf(whole.subarray(0, 9)) })).status).toBe(409)
    expect((await send(id, 'PUT', whole.subarray(0, 9), { total: 200 })).status).toBe(409)
  })

  it('has no place where its machine has twenty', async () => {
    for (let count = 0; count < 20; count += 1) {
      const more = {
        organisation_id: collector.organisationId,
        endpoint_id: agents[0].endpointId,
        bytes: 1,
        sha256: '',
        begun_at: Date.now(),
      }
      await collector.store.db
        .insertInto('archives')
        .values({ id: randomUUID(), ...more, completed_at: 1 })
        .execute()
    }
    expect((await send(await asked(), 'PUT', whole.subarray(0, 9))).status).toBe(507)
  })
})
