import { createHash } from 'node:crypto'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { BulkDetail } from '#shared/api/bulk.ts'
import { seconds } from '#shared/domain/time.ts'
import { startTestAgent, type TestAgent } from '../support/agent.ts'
import { type ApiClient, signIn } from '../support/api.ts'
import { databaseSetting } from '../support/database.ts'
import { freePort, type Program, startProgram } from '../support/program.ts'

/*
 * One order for twelve machines, with a collector as a process of its own that is killed with -9 in the middle. Each machine that
 * runs the script leaves a line, so whoever ran twice is seen. Told in order.
 */
const count = 12
const within = { timeout: seconds(60), interval: 100 }
const folder = await mkdtemp(join(tmpdir(), 'tierline-bulk-'))
const agents: TestAgent[] = []
let up: () => Program
let collector: Program
let person: ApiClient
let organisationId: string

beforeAll(async () => {
  const dataDir = join(folder, 'data')
  const [console_, agentsPort] = [await freePort(), await freePort()]
  const ports = ['--port', String(console_), '--agents-port', String(agentsPort)]
  const database = await databaseSetting(dataDir)
  up = () => startProgram(['up', '--data', dataDir, '--database', database, ...ports])
  collector = up()
  const url = `http://127.0.0.1:${console_}`
  await collector.prints(/Agents\s+https:/, 90_000)
  const [login = '', password = ''] = readFileSync(join(dataDir, 'first-sign-in'), 'utf8').trim().split(' / ')
  person = await signIn(url, login, password)
  const { organisations } = await person.get<{ organisations: { id: string }[] }>('/api/organisations')
  organisationId = organisations[0]?.id ?? ''
  for (let place = 0; place < count; place += 1) {
    const { token } = await person.post<{ token: string }>('/api/enrolment-tokens', { organisationId, role: 'workstation' })
    agents.push(await startTestAgent({ token, hostname: `pc-${place + 1}`, detectors: [] }))
  }
  await vi.waitFor(() => expect(agents.every((agent) => agent.isConnected())).toBe(true), within)
}, 120_000)
afterAll(async () => {
  await Promise.all(agents.map((agent) => agent.stop('stop')))
  await collector?.stop()
  for (const { dataDir } of agents) rmSync(dataDir, { recursive: true, force: true })
  await rm(folder, { recursive: true, force: true })
})

const ran = (file: string): number => (existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n').length : 0)
const read = async (id: string) => BulkDetail.parse(await person.get(`/api/bulk/${id}`))
async function ask(script: string): Promise<string> {
  const args = { script, sha256: createHash('sha256').update(script).digest('hex') }
  const endpoints = agents.map(({ endpointId }) => endpointId)
  return (await person.post<{ id: string }>('/api/bulk', { organisationId, verb: 'run-script', args, reason: 'to see', endpoints })).id
}

it('goes on exactly where it was after a kill -9 between stages, and nobody runs twice', async () => {
  const file = join(folder, 'killed')
  // From the second on they take their time, so that the kill comes while a stage runs.
  const id = await ask(`echo ran >> '${file}'; [ "$(wc -l < '${file}')" -eq 1 ] || sleep 1`)
  await expect.poll(() => ran(file), within).toBe(3)
  await collector.stop('SIGKILL')
  expect(ran(file)).toBe(3)
  collector = up()
  await collector.prints(/Agents\s+https:/)
  await expect.poll(async () => (await read(id)).status, within).toBe('done')
  const { stages, machines } = await read(id)
  expect(stages.map(({ size, succeeded }) => [size, succeeded])).toEqual([
    [1, 1],
    [2, 2],
    [9, 9],
  ])
  expect(new Set(machines.map(({ status }) => status))).toEqual(new Set(['succeeded']))
  expect(ran(file)).toBe(count)
}, 150_000)

it('one that fails at the second stage stops it: nine machines never hear of it, until a person goes on', async () => {
  const file = join(folder, 'failing')
  const id = await ask(`echo ran >> '${file}'; [ "$(wc -l < '${file}')" -ne 3 ]`)
  await expect.poll(async () => (await read(id)).status, within).toBe('stopped')
  const stopped = await read(id)
  expect(stopped.stages.map(({ waiting }) => waiting)).toEqual([0, 0, 9])
  expect(stopped.note).toContain('stage 2')
  expect(ran(file)).toBe(3)
  await person.post(`/api/bulk/${id}/go-on`, { reason: 'its own fault' })
  await expect.poll(async () => (await read(id)).status, within).toBe('done')
  expect(ran(file)).toBe(count)
}, 90_000)
