import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, it } from 'vitest'
import { openTestSpool, signalRecord } from '../spool/records.ts'

const program = join(import.meta.dirname, '../../../bin/tierline-agent.mjs')
const folder = (): string => mkdtempSync(join(tmpdir(), 'tierline-cli-'))

/** `bin/tierline-agent.mjs` as a process of its own, with `stdin`; what it printed, and its exit code. */
async function agent(args: string[], stdin = ''): Promise<{ code: number; out: string; err: string }> {
  const child = spawn(process.execPath, [program, ...args], { stdio: 'pipe' })
  child.stdin.end(stdin)
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { code: code as number, out, err }
}

it('lists its verbs and flags', async () => {
  const { code, out } = await agent(['help'])
  expect(code).toBe(0)
  for (const word of ['enrol', 'run', 'status', '--data', '--trial', '--allow-isolation', '--canaries']) expect(out).toContain(word)
})

it.each([
  ['an unknown verb', ['fly'], /no verb "fly"/],
  ['an unknown flag', ['run', '--fast'], /Unknown option '--fast'/],
  ['a run before it is enrolled', ['run', '--data', folder()], /not enrolled/],
  ['a word that is no token', ['enrol', '--data', folder()], /no enrolment token/],
])('answers %s with one sentence and exit code 1', async (_, args, sentence) => {
  const { code, err } = await agent(args, 'hello\n')
  expect(code).toBe(1)
  expect(err).toMatch(sentence)
  expect(err.trim().split('\n')).toHaveLength(1)
})

it('names the field of a configuration it cannot use', async () => {
  const dir = folder()
  writeFileSync(join(dir, 'agent.json'), '{"spoolMaxBytes":"much"}')
  const { code, err } = await agent(['status', '--data', dir])
  expect(code).toBe(1)
  expect(err).toMatch(/agent\.json: spoolMaxBytes/)
})

it('says of each lane how far it got, what is kept and what is lost, without opening it', async () => {
  const dir = folder()
  const spool = await openTestSpool(join(dir, 'spool'))
  for (const about of ['a', 'b', 'c']) await spool.append('signals', signalRecord(about))
  spool.acknowledge('signals', 2)
  spool.lose('security', 4)
  await spool.append('security', signalRecord('d'))
  await spool.close()
  const { out } = await agent(['status', '--data', dir])
  expect(out).toMatch(/^spool security +5 in all, 0 acknowledged, kept from 1 \(1 KiB\), 4 lost$/m)
  expect(out).toMatch(/^spool signals +3 in all, 2 acknowledged, kept from 1 \(1 KiB\)$/m)
  expect(out).toMatch(/^spool samples +0 in all, 0 acknowledged, nothing kept$/m)
})

it('tries no isolation where isolation is switched off', async () => {
  const dir = folder()
  writeFileSync(join(dir, 'agent.json'), '{"isolation":false}')
  const { code, err } = await agent(['isolate', '--drill', '--data', dir])
  expect({ code, err }).toEqual({
    code: 1,
    err: 'Not isolated: isolation is off (agent.json) on this machine; allow it there, then try it.\n',
  })
})

it('says that it is not enrolled and does not run', async () => {
  const { code, out } = await agent(['status', '--data', folder()])
  expect(code).toBe(0)
  expect(out).toMatch(/enrolled +no/)
  expect(out).toMatch(/running +no/)
})
