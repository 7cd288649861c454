import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { expect, it, onTestFinished } from 'vitest'
import { seconds } from '#shared/domain/time.ts'
import { readIdentity } from '../../agent/identity/files.ts'
import { agentFolder, startTestAgent, type TestAgent, toldDetector } from '../support/agent.ts'
import { databaseSetting, readRows } from '../support/database.ts'
import { freePort, type Program, startProgram, top } from '../support/program.ts'

/* A collector moves to another host and port, by the commands that the README names; its agent follows without enrolling anew. */
const within = { timeout: seconds(60), interval: 100 }

interface Desk {
  dataDir: string
  up(...flags: string[]): Promise<Program>
  /** One of the other verbs, run to its end beside the collector; what it printed. */
  run(...args: string[]): Promise<string>
}

async function desk(): Promise<Desk> {
  const dataDir = mkdtempSync(join(tmpdir(), 'tierline-moves-'))
  onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }))
  const place = ['--data', dataDir, '--database', await databaseSetting(dataDir)]
  return {
    dataDir,
    up: async (...flags) => {
      const program = startProgram(['up', ...place, '--port', '0', '--log-level', 'error', ...flags])
      onTestFinished(async () => void (await program.stop('SIGKILL')))
      await program.prints(/Agents\s+https:\S+/, seconds(90))
      return program
    },
    run: async (verb = '', ...args) => {
      const program = startProgram([verb, ...args, ...place])
      expect([await program.ended, program.errors().includes('Error')]).toEqual([0, false])
      return program.output()
    },
  }
}

async function enrolledAgent({ run }: Desk): Promise<{ agent: TestAgent; say: (about: string) => Promise<void> }> {
  const [, token = ''] = /^echo (\S+) /.exec(await run('token')) ?? []
  const told = toldDetector()
  const agent = await startTestAgent({ token, dataDir: agentFolder(), detectors: [told.detector] })
  onTestFinished(() => agent.stop('stop'))
  await expect.poll(() => agent.isConnected(), within).toBe(true)
  return { agent, say: (about) => told.say({ kind: 'test.happened', severity: 'info', about, summary: 'It happened' }) }
}

const isKept = ({ dataDir }: TestAgent): boolean => existsSync(join(dataDir, 'identity/documents/addresses.jws'))
const statusOf = ({ dataDir }: TestAgent): string =>
  execFileSync(process.execPath, [join(top, 'bin/tierline-agent.mjs'), 'status', '--data', dataDir], { encoding: 'utf8' })
const stored = async ({ dataDir }: Desk): Promise<unknown[]> =>
  (await readRows(dataDir, `select about from signals where kind = 'test.happened' order by arrival`)).map(({ about }) => about)

it('is followed to another host and port, and back, with no new enrolment', { timeout: 240_000 }, async () => {
  const place = await desk()
  const [oldPort, newPort] = [await freePort(), await freePort()]
  const [before, after] = [`https://127.0.0.1:${oldPort}`, `https://127.0.0.2:${newPort}`]
  const old = await place.up('--agents-port', String(oldPort))
  const { agent, say } = await enrolledAgent(place)
  expect(await place.run('addresses')).toContain('No list is signed')
  expect(await place.run('addresses', 'set', `${after}/`, before)).toBe(
    `List 1, in the order in which agents try:\n  ${after}\n  ${before}\n`,
  )
  await expect.poll(() => isKept(agent), within).toBe(true)
  expect(statusOf(agent)).toContain(`${after}, ${before}\n`)

  await old.stop()
  await say('while it moved')
  const moved = await place.up('--agents-port', String(newPort), '--listen', '127.0.0.2')
  await expect.poll(() => agent.isConnected(), within).toBe(true)
  await expect.poll(() => stored(place), within).toEqual(['while it moved'])
  expect(await readRows(place.dataDir, 'select id from endpoints')).toEqual([{ id: agent.endpointId }])
  expect(readIdentity(agent.dataDir).pinned.collector).toBe(before)

  await moved.stop()
  await place.up('--agents-port', String(oldPort))
  await say('after it came back')
  await expect.poll(() => stored(place), within).toEqual(['while it moved', 'after it came back'])
})

it('bears the new names at once, while it still runs at the old place', { timeout: 120_000 }, async () => {
  const place = await desk()
  const port = await freePort()
  await place.up('--agents-port', String(port))
  const { agent } = await enrolledAgent(place)
  const { ca } = readIdentity(agent.dataDir).credentials
  const isTrustedAs = (servername: string) =>
    new Promise((resolve) => {
      const socket = connect({ host: '127.0.0.1', port, servername, ca, rejectUnauthorized: false }, () => {
        resolve(socket.authorized)
        socket.destroy()
      })
      socket.on('error', () => resolve(false))
    })
  expect([await isTrustedAs('localhost'), await isTrustedAs('rmm.example.org')]).toEqual([true, false])
  await place.run('addresses', 'set', `https://rmm.example.org:${port}`)
  await expect.poll(() => isTrustedAs('rmm.example.org'), within).toBe(true)
  expect(await isTrustedAs('localhost')).toBe(true)
  expect(agent.isConnected()).toBe(true)
})
