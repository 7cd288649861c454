import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { commands } from '#shared/commands/registry.ts'
import type { IsolationStatus } from '#shared/domain/endpoint.ts'
import { silent } from '../../../agent/command/live.ts'
import type { Machine } from '../../../agent/command/verb.ts'
import { verbs } from '../../../agent/command/verbs.ts'
import type { Isolation } from '../../../agent/isolate/isolate.ts'
import { anOrder } from './orders.ts'

const open: IsolationStatus = { actual: 'open', readiness: { isReady: true }, since: 1 }

function machineWith(status: IsolationStatus): Machine {
  const asked = async (): Promise<IsolationStatus> => status
  return {
    isolation: { isolate: asked, release: asked } as Partial<Isolation> as Isolation,
    tellAbout: () => undefined,
    rearm: async () => 3,
  } as Partial<Machine> as Machine
}
const run = (verb: string, status = open) => verbs.get(verb)?.run(machineWith(status), {}, anOrder({ verb }), silent)

describe('the verbs', () => {
  it('are those of shared/commands, each in a file of its own', () => {
    const files = readdirSync(join(import.meta.dirname, '../../../agent/command/verbs')).map((file) => file.replace('.ts', ''))
    expect([...verbs.keys()].sort()).toEqual(files.sort())
    expect([...verbs.keys()].sort()).toEqual([...commands.keys()].sort())
  })

  it.each<[string, IsolationStatus, string]>([
    ['isolate-host', { ...open, actual: 'isolated' }, 'succeeded'],
    ['isolate-host', { ...open, actual: 'failed', detail: 'not proven' }, 'failed'],
    ['isolate-host', { ...open, readiness: { isReady: false, reason: 'off (local trial)' } }, 'refused'],
    ['release-host', open, 'succeeded'],
    ['release-host', { ...open, actual: 'failed' }, 'failed'],
  ])('%s that leaves the machine as %j has %s', async (verb, status, outcome) => {
    expect(await run(verb, status)).toMatchObject({ outcome, isolation: status })
  })

  it('rearm-canaries says how many', async () => {
    expect(await run('rearm-canaries')).toMatchObject({ outcome: 'succeeded', output: { rearmed: 3 } })
  })
})
