import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, it } from 'vitest'

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

it('says that it is not enrolled and does not run', async () => {
  const { code, out } = await agent(['status', '--data', folder()])
  expect(code).toBe(0)
  expect(out).toMatch(/enrolled +no/)
  expect(out).toMatch(/running +no/)
})
