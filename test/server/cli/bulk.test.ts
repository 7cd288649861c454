import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { main } from '../../../server/main.ts'
import { signIn } from '../../support/api.ts'
import { startTestCollector, type TestCollector } from '../../support/collector.ts'

/* Asking many machines on the command line, from the look beforehand to the end: told in order. A host name is hostile. */
const folder = mkdtempSync(join(tmpdir(), 'tierline-bulk-cli-'))
const tokenFile = join(folder, 'token')
let collector: TestCollector
let id: string

beforeAll(async () => {
  collector = await startTestCollector()
  const { consoleUrl, firstSignIn, organisationId, store } = collector
  const person = await signIn(consoleUrl, firstSignIn.login, firstSignIn.password)
  const { token } = await person.post<{ token: string }>('/api/tokens', { name: 'mine' })
  writeFileSync(tokenFile, token)
  chmodSync(tokenFile, 0o600)
  const about = { organisation_id: organisationId, site_id: null, platform: 'linux' as const, confirmed_role: 'workstation' as const }
  const names = ['pc-1', 'pc-2', 'pc-\u001b[2J3']
  const rows = names.map((hostname, at) => ({ ...about, id: `endpoint-${at + 1}`, hostname, enrolled_at: 1, removed_at: null }))
  await store.db.insertInto('endpoints').values(rows).execute()
}, 60_000)
afterAll(async () => {
  await collector?.[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

async function bulk(...args: string[]): Promise<{ code: number; said: string }> {
  const said: string[] = []
  const write = (text: string | Uint8Array) => said.push(String(text)) > 0
  const spies = [process.stdout, process.stderr].map((stream) => vi.spyOn(stream, 'write').mockImplementation(write))
  const where = ['--url', collector.consoleUrl, '--token-file', tokenFile]
  const code = await main(['bulk', ...args, ...where]).finally(() => spies.forEach((spy) => void spy.mockRestore()))
  return { code, said: said.join('') }
}
const machines = ['pc-1', 'pc-2', 'endpoint-3']

it('shows what would become of it, every name without what moves a cursor, and asks nothing', async () => {
  const { code, said } = await bulk('ask', 'ping', ...machines)
  expect(code).toBe(0)
  expect(said).toContain('In stages of 1, 1, 1. The collector’s key is enough.')
  expect(said).toContain('stage 3  pc-?[2J3, away')
  expect(said).toContain('With --yes it is asked for.')
  expect((await bulk('list')).said).toContain('Nothing was asked')
})

it('says in one sentence what is missing or wrong', async () => {
  expect(await bulk('ask', 'ping', 'nobody')).toEqual({ code: 1, said: 'There is no machine "nobody".\n' })
  expect((await bulk('ask', 'ping', ...machines, '--yes')).said).toBe('Say why with --reason.\n')
  expect((await bulk('ask', 'restart-service', 'pc-1', '--args', 'nginx')).said).toContain('Write --args as JSON')
  expect((await bulk('ask', 'restart-service', 'pc-1')).said).toContain('args.unit')
  expect((await bulk('ask', 'reboot', ...machines, '--at-once')).said).toContain('goes out in stages')
})

it('asks, and takes it back', async () => {
  const asked = await bulk('ask', 'ping', ...machines, '--yes', '--reason', 'whether they answer')
  expect(asked).toMatchObject({ code: 0, said: expect.stringContaining('ping at') })
  id = asked.said.split('\n')[0] ?? ''
  await vi.waitFor(async () => expect((await bulk('show', id)).said).toContain('stage 1 of 1: 0 succeeded, 0 failed, 1 under way'))
  expect((await bulk('stop', id, '--reason', 'wait')).said).toContain('stopped')
  expect((await bulk('go-on', id, '--reason', 'go')).said).toContain('running')
  expect((await bulk('end', id, '--reason', 'enough')).said).toMatch(/ended, stage 1 of 3: .*: enough/)
  expect((await bulk('end', id, '--reason', 'again')).said).toContain('It has ended already.')
  expect((await bulk()).said).toContain(`${id}  ping at`)
})
