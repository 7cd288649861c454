import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { z } from 'zod'
import { defineCommand } from '#shared/commands/define-command.ts'
import type { ResultRecord } from '#shared/protocol/record.ts'
import { createCommands } from '../../../agent/command/command.ts'
import { defineVerb, type Machine } from '../../../agent/command/verb.ts'
import { jsonFile } from '../../../agent/json-file.ts'
import { FakeTime } from '../../support/fake-time.ts'
import { anOrder, endpointId, issuedAt, makeSigner } from './orders.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tierline-nonce-'))
})
afterAll(() => rm(folder, { recursive: true }))

const told = { args: z.object({}), output: z.object({}), risk: 'low' as const, ttlMs: 1_000, isIdempotent: true }

it('a command that is signed well and bears the nonce of one that ran is refused, before a restart and after it', async () => {
  const collector = await makeSigner()
  const [runs, results]: [string[], ResultRecord[]] = [[], []]
  const verb = defineVerb({
    command: defineCommand({ verb: 'ping', title: 'ping', ...told }),
    run: async (_machine, _args, { id }) => {
      runs.push(id)
      return { outcome: 'succeeded', detail: 'done' }
    },
  })
  const open = () =>
    createCommands({
      ...{
        authorities: [collector.authority],
        endpointId,
        journalDir: folder,
        standingFile: jsonFile(join(folder, 'standing.json')),
        machine: {} as Machine,
      },
      trust: { organisationId: 'organisation-1', register: () => undefined, role: async () => 'workstation' as const },
      append: async (_lane, body) => results.push(body as ResultRecord),
      ...{ received: () => undefined, progress: () => true, happened: async () => undefined },
      ...{ time: new FakeTime(issuedAt), log: pino({ level: 'silent' }), verbs: new Map([['ping', verb]]) },
    })
  const send = async (commands: Awaited<ReturnType<typeof open>>, id: string, nonce: string) =>
    commands.take({ jws: await collector.sign(anOrder({ id, verb: 'ping', nonce })) })

  const first = await open()
  await send(first, 'command-1', 'a-nonce-of-sixteen')
  await send(first, 'command-2', 'a-nonce-of-sixteen')
  await first.stop()
  const second = await open()
  await send(second, 'command-3', 'a-nonce-of-sixteen')
  await send(second, 'command-4', 'another-nonce-of-16')
  await second.stop()

  expect(runs).toEqual(['command-1', 'command-4'])
  expect(results.map(({ commandId, outcome }) => [commandId, outcome])).toEqual([
    ['command-1', 'succeeded'],
    ['command-2', 'refused'],
    ['command-3', 'refused'],
    ['command-4', 'succeeded'],
  ])
  expect(results[1]?.detail).toContain('nonce')
})
