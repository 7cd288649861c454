import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { IsolatingProcess, listening, makeCertificate, until } from '../../support/isolating-process.ts'
import { type Network, openNetwork, whyNoNamespaces } from '../../support/namespaces.ts'

const node = process.execPath
const support = (name: string): string => join(import.meta.dirname, '../../support', name)

describe.skipIf(whyNoNamespaces() !== undefined)('an nft of the agent’s own', () => {
  let network: Network<'collector' | 'endpoint'>
  let folder: string
  let agent: IsolatingProcess
  let agentsPid: number

  beforeAll(async () => {
    network = openNetwork(['collector', 'endpoint'])
    folder = mkdtempSync(join(tmpdir(), 'tierline-ready-'))
    const { collector, endpoint } = network.machines
    const [key, certificate] = makeCertificate()
    await listening(collector.spawn(node, [support('peer.ts'), 'listen', '7843', key, certificate]))
    const args = [support('isolating.ts'), '--dir', folder, `--ca=${certificate}`, '--collector', `${collector.ipv4} 7843`]
    const child = endpoint.spawn(node, args)
    agentsPid = child.pid ?? 0
    agent = new IsolatingProcess(child)
  })
  afterAll(() => {
    network?.close()
    rmSync(folder, { recursive: true })
  })

  const read = (path: string): string => {
    try {
      return readFileSync(path, 'utf8').trim()
    } catch {
      return ''
    }
  }
  const shells = (): number[] =>
    read(`/proc/${agentsPid}/task/${agentsPid}/children`)
      .split(' ')
      .map(Number)
      .filter((pid) => read(`/proc/${pid}/cmdline`) === 'nft\0-i\0')
  const tables = (): string => network.machines.endpoint.run('nft', ['list', 'tables']).stdout
  const one = async (): Promise<number> => {
    await until(() => shells().length === 1)
    return shells()[0] ?? 0
  }

  it('waits beside it, holds nothing, and holds the second copy of the rules then', async () => {
    await agent.ask('reapply')
    const ready = await one()
    expect(tables()).toBe('')
    await agent.ask('isolate')
    await until(() => tables().includes('tierline_held'))
    expect(shells()).toEqual([ready])
    await agent.ask('release')
    expect(tables()).toBe('')
  })

  it('is begun again when it is killed, and waited for no longer than half a second when it is halted', async () => {
    const before = await one()
    process.kill(before, 'SIGKILL')
    await until(() => shells().length === 1 && shells()[0] !== before)
    const halted = await one()
    process.kill(halted, 'SIGSTOP')
    await agent.ask('isolate')
    expect(tables()).toContain('table inet tierline')
    process.kill(halted, 'SIGCONT')
    await agent.ask('release')
    expect(tables()).toBe('')
    await agent.end()
  })
})
