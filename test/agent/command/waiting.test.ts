import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { defineCommand } from '#shared/commands/define-command.ts'
import type { Progress } from '#shared/protocol/messages.ts'
import type { ResultRecord } from '#shared/protocol/record.ts'
import { type Commands, createCommands } from '../../../agent/command/command.ts'
import { defineVerb, type Machine, type Verb, type VerbOutcome } from '../../../agent/command/verb.ts'
import { jsonFile } from '../../../agent/json-file.ts'
import { FakeTime } from '../../support/fake-time.ts'
import { anOrder, endpointId, issuedAt, makeSigner, type Signer } from './orders.ts'

/* Commands that wait their turn on the machine: two scripts run for ever here, until a test lets them end. */
let collector: Signer
let folder: string
let time: FakeTime
let results: ResultRecord[]
let received: string[]
let progress: Progress[]
let begun: string[]
let endAll: (() => void)[]
let commands: Commands

const done: VerbOutcome = { outcome: 'succeeded', detail: 'done' }
function aVerb(verb: string, run: (id: string) => Promise<VerbOutcome>, isUrgent?: true): Verb {
  const about = { verb, title: verb, args: z.object({}), output: z.object({}), risk: 'low', ttlMs: 1_000, isIdempotent: false } as const
  return defineVerb({ command: defineCommand({ ...about, ...(isUrgent && { isUrgent }) }), run: (_machine, _args, { id }) => run(id) })
}
const script = aVerb('run-script', async (id) => {
  begun.push(id)
  await new Promise<void>((resolve) => endAll.push(resolve))
  return done
})
const isolate = aVerb('isolate-host', async () => done, true)

async function open(standingFile = jsonFile(join(folder, 'standing.json'))): Promise<Commands> {
  const opened = await createCommands({
    authorities: [collector.authority],
    trust: { organisationId: 'acme', register: () => undefined, role: async () => 'workstation' },
    ...{
      endpointId,
      journalDir: folder,
      standingFile,
      machine: {} as Machine,
      time,
      log: pino({ level: 'silent' }),
    },
    append: async (_lane, body) => results.push(body as ResultRecord),
    received: (id) => void received.push(id),
    progress: (said) => progress.push(said) > 0,
    happened: async () => undefined,
    verbs: new Map([script, isolate].map((verb) => [verb.command.verb, verb])),
  })
  opened.noteCollectorTime(issuedAt)
  return opened
}
const take = async (id: string, verb = 'run-script', more = {}): Promise<void> =>
  commands.take({ jws: await collector.sign(anOrder({ id, verb, nonce: `nonce-of-${id}-0000`, ...more })) })
const outcomes = () => results.map(({ commandId, outcome }) => [commandId, outcome])

beforeEach(async () => {
  collector = await makeSigner()
  folder = await mkdtemp(join(tmpdir(), 'tierline-waiting-'))
  time = new FakeTime(issuedAt)
  results = []
  received = []
  progress = []
  begun = []
  endAll = []
  commands = await open()
  for (const id of ['script-00', 'script-01', 'script-02']) {
    void take(id)
    await expect.poll(() => received).toContain(id)
  }
})
afterEach(async () => {
  const stopped = commands.stop()
  for (const end of endAll.splice(0)) end()
  await stopped
  await rm(folder, { recursive: true })
})

describe('while two scripts run', () => {
  it('the third has arrived and has not begun; isolating passes it', async () => {
    expect(begun).toEqual(['script-00', 'script-01'])
    expect(progress.map(({ commandId }) => commandId)).toEqual(['script-00', 'script-01'])
    await take('isolation', 'isolate-host')
    expect(outcomes()).toEqual([['isolation', 'succeeded']])
  })

  it('it begins when one of them is done', async () => {
    endAll.shift()?.()
    await expect.poll(() => begun).toEqual(['script-00', 'script-01', 'script-02'])
  })

  it('it never begins once its time is over', async () => {
    commands.noteCollectorTime(issuedAt + 120_000)
    endAll.shift()?.()
    await expect.poll(outcomes).toContainEqual(['script-02', 'expired'])
    expect(begun).not.toContain('script-02')
  })

  it('a crash loses it no more than it runs the others twice', async () => {
    const journal = await readFile(join(folder, 'commands.jsonl'), 'utf8')
    expect(journal).toContain('"kind":"taken"')
    const stopped = commands.stop()
    for (const end of endAll.splice(0)) end()
    await stopped
    expect(begun).toEqual(['script-00', 'script-01'])
    commands = await open()
    void commands.recover()
    await expect.poll(() => begun).toEqual(['script-00', 'script-01', 'script-02'])
    await take('script-02')
    expect(begun).toHaveLength(3)
  })
})

it('a full disk does not end the agent over a run of its own that a crash left', async () => {
  await expect.poll(() => endAll).toHaveLength(2)
  const stopped = commands.stop()
  for (const end of endAll.splice(0)) end()
  await stopped
  const standing = { orderId: 'standing-1', number: 1, name: 'Isolate', run: 1, mostRuns: 2, fingerprint: null }
  const { id, ...order } = anOrder({ id: 'run-00001', verb: 'isolate-host', nonce: 'nonce-of-run-00001', args: {} })
  const value = { v: 1, orders: [], pending: [{ id, ...order, standing }], pause: { scripts: false, isolationUntil: 0 } }
  const refused = vi.fn(async () => Promise.reject(new Error('ENOSPC')))
  commands = await open({ read: async () => ({ kind: 'value', value }), write: refused })
  const recovered = expect(commands.recover()).resolves.toBeUndefined()
  await expect.poll(() => endAll).toHaveLength(1)
  endAll.shift()?.()
  await recovered
  expect(refused).toHaveBeenCalled()
})
