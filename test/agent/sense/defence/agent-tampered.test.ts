import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createProbe } from '../../../../agent/host/probe.ts'
import agentTampered from '../../../../agent/sense/detectors/agent-tampered.ts'
import { openHealthMemory } from '../../../../agent/sense/memory.ts'
import type { Happening } from '../../../../agent/signal/signal.ts'
import { systemTime } from '../../../../agent/system-time.ts'
import { FakeTime } from '../../../support/fake-time.ts'
import { MemoryFile, silent } from '../bench-machine.ts'

const probe = createProbe({ time: systemTime, log: silent })
const file = new MemoryFile()
let dataDir: string
let said: Omit<Happening, 'detector'>[]

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'tierline-own-'))
  said = []
  file.text = undefined
})
afterEach(() => rmSync(dataDir, { recursive: true }))

/** One run of the agent, during which `change` is done. */
async function run(change: () => void = () => undefined, wasUpdated = false) {
  const time = new FakeTime()
  const memory = openHealthMemory(file, silent)
  const settings = { canaryDirs: [], canaryFile: new MemoryFile(), services: [], authLogs: [], memory, own: { dataDir, wasUpdated } }
  const given = {
    again: () => undefined,
    settings,
    time,
    log: silent,
    stop: new AbortController().signal,
    role: 'server' as const,
    standing: () => undefined,
  }
  const context = { ...given, healthSettings: () => ({}), isStrained: async () => false, broken: (why: string) => expect.unreachable(why) }
  const watching = await agentTampered.watch(probe, async (event) => void said.push(event), context)
  change()
  await time.advance(30_000)
  await new Promise((resolve) => setTimeout(resolve, 100))
  if ('stop' in watching) await watching.stop()
}

it.skipIf(process.platform !== 'linux')(
  'says what changes of its own files, also what changed while it was off, and not what an update brought',
  async () => {
    const settings = join(dataDir, 'agent.json')
    writeFileSync(settings, '{}')
    await run()
    expect(said).toEqual([])
    await run(() => writeFileSync(settings, '{"isolation":false}'))
    expect(said).toMatchObject([
      { kind: 'security.agent.tampered', severity: 'high', about: settings, facts: { how: 'changed', whileOff: false } },
    ])
    rmSync(settings)
    await run()
    expect(said[1]).toMatchObject({ about: settings, facts: { how: 'removed', whileOff: true } })
    writeFileSync(settings, '{"services":[]}')
    await run(undefined, true)
    expect(said).toHaveLength(2)
  },
)
