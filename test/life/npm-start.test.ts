import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { EndpointList } from '#shared/api/endpoints.ts'
import type { TicketList } from '#shared/api/tickets.ts'
import { type ApiClient, signIn } from '../support/api.ts'
import { freePort, type Program, startProgram } from '../support/program.ts'

/* A newcomer's first minute: one line starts everything, one line makes something happen, Ctrl-C ends it. */
const folder = await mkdtemp(join(tmpdir(), 'tierline-start-'))
const dataDir = join(folder, 'data')
const flags = ['--data', dataDir, '--port', String(await freePort()), '--agents-port', String(await freePort())]

const startTrial = (): Program => startProgram(['try', ...flags])
const consoleUrl = async (trial: Program): Promise<string> => (await trial.prints(/(http:\/\/127\.0\.0\.1:\d+)/))[1] ?? ''

async function signInAsAdmin(trial: Program): Promise<ApiClient> {
  const [login = '', password = ''] = (await readFile(join(dataDir, 'first-sign-in'), 'utf8')).trim().split(' / ')
  return signIn(await consoleUrl(trial), login, password)
}

async function canaryTicket(api: ApiClient): Promise<TicketList['tickets'][number] | undefined> {
  const { tickets } = await api.get<TicketList>('/api/tickets?status=open')
  return tickets.find((ticket) => ticket.kind === 'security.ransomware.canary')
}

const hasProc = existsSync('/proc/self/task')
const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
/** A process that is dead and not yet collected by its parent counts as dead. */
const isAlive = (pid: number): boolean => existsSync(`/proc/${pid}`) && !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))

afterAll(() => rm(folder, { recursive: true, force: true }))

describe('npm start', () => {
  let trial: Program
  let api: ApiClient
  let endpointId: string | undefined

  beforeAll(async () => {
    trial = startTrial()
    await trial.prints(/Ctrl-C stops both/, 60_000)
    api = await signInAsAdmin(trial)
  })
  afterAll(() => trial.stop('SIGKILL'))

  it('writes the first sign-in where only its owner can read it, when there is no terminal', async () => {
    expect((await stat(join(dataDir, 'first-sign-in'))).mode & 0o777).toBe(0o600)
    expect(trial.output()).toContain(join(dataDir, 'first-sign-in'))
  })

  it('shows this machine, connected, and never isolates it', async () => {
    const { endpoints } = await api.get<EndpointList>('/api/endpoints')
    expect(endpoints).toHaveLength(1)
    expect(endpoints[0]).toMatchObject({ isConnected: true, isolation: { actual: 'open', isReady: false } })
    expect(trial.output()).toContain('off (local trial)')
    endpointId = endpoints[0]?.id
  })

  it('has a P1 ticket of the security tier on the board right after the line it says to try', async () => {
    const [, canary = ''] = await trial.prints(/echo x >> '(.+)'/)
    const touchedAt = performance.now()
    await appendFile(canary, 'x\n')
    const ticket = await vi.waitFor(async () => (await canaryTicket(api)) ?? Promise.reject(new Error('no ticket yet')), {
      interval: 20,
      timeout: 5_000,
    })
    console.log(`echo x >> canary → ticket on the board: ${Math.round(performance.now() - touchedAt)} ms`)
    expect(ticket).toMatchObject({ priority: 'P1', tier: 'security', endpoint: { id: endpointId } })
  })

  it.skipIf(!hasProc)('starts the agent again when it dies', async () => {
    const [agentPid = 0] = childrenOf(trial.pid)
    process.kill(agentPid, 'SIGKILL')
    await vi.waitFor(() => expect(trial.errors()).toContain('it is started again in 1 s'), { timeout: 5_000 })
    await vi.waitFor(() => expect(childrenOf(trial.pid)).toHaveLength(1), { timeout: 10_000 })
    expect(childrenOf(trial.pid)).not.toContain(agentPid)
  })

  it('stops both cleanly on Ctrl-C, and carries on with the same data and identity', async () => {
    const { code, elapsedMs } = await trial.stop('SIGINT')
    expect({ code, isQuick: elapsedMs < 5_000 }).toEqual({ code: 0, isQuick: true })

    trial = startTrial()
    await trial.prints(/Ctrl-C stops both/)
    api = await signInAsAdmin(trial)
    const { endpoints } = await api.get<EndpointList>('/api/endpoints')
    expect(endpoints.map((endpoint) => endpoint.id)).toEqual([endpointId])
    expect(await canaryTicket(api)).toBeDefined()
    expect((await trial.stop('SIGTERM')).code).toBe(0)
  })

  it.skipIf(!hasProc)('leaves no agent behind when it is killed', async () => {
    trial = startTrial()
    await trial.prints(/Ctrl-C stops both/)
    const [agentPid = 0] = childrenOf(trial.pid)
    expect(isAlive(agentPid)).toBe(true)
    await trial.stop('SIGKILL')
    await vi.waitFor(() => expect(isAlive(agentPid)).toBe(false), { timeout: 10_000 })
  })
})

describe('npm start where it can not', () => {
  /** Exit code, and what stands on stderr: one sentence on one line. */
  async function refused(args: string[], nodeArgs: string[] = []): Promise<string> {
    const program = startProgram(['try', ...args], nodeArgs)
    expect(await program.ended).toBe(1)
    expect(program.errors().trim().split('\n')).toHaveLength(1)
    return program.errors()
  }

  it('names a port that is in use', async () => {
    const holder = createServer().listen(0, '127.0.0.1')
    await once(holder, 'listening')
    const address = holder.address()
    const port = String(address !== null && typeof address === 'object' ? address.port : 0)
    expect(await refused(['--data', join(folder, 'other'), '--agents-port', '0', '--port', port])).toContain(port)
    expect(await refused(['--data', join(folder, 'other'), '--port', '0', '--agents-port', port])).toContain(port)
    holder.close()
  })

  it('names a data folder that can not be written', async () => {
    const file = join(folder, 'a-file')
    await writeFile(file, '')
    expect(await refused(['--data', join(file, 'data')])).toContain(file)
  })

  it('names file, line and reason of a bad matrix', async () => {
    const matrix = join(folder, 'matrix.yaml')
    await writeFile(matrix, 'routes:\n  - kind: [unclosed\n')
    expect(await refused(['--data', join(folder, 'other'), '--port', '0', '--agents-port', '0', '--matrix', matrix])).toMatch(
      /matrix\.yaml:\d+/,
    )
  })

  it('names a flag it does not know', async () => {
    expect(await refused(['--prot', '1'])).toContain('--prot')
  })

  it('says which Node it needs on an older one', async () => {
    const older = `data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'18.20.0'}})`
    expect(await refused([], ['--import', older])).toContain('Node 26')
  })
})
