import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { IsolatingProcess, listening, makeCertificate, until } from '../../support/isolating-process.ts'
import { type Network, openNetwork, whyNoNamespaces } from '../../support/namespaces.ts'

const node = process.execPath
const support = (name: string): string => join(import.meta.dirname, '../../support', name)

describe.skipIf(whyNoNamespaces() !== undefined)('what is asked while the machine is open', () => {
  let network: Network<'collector' | 'endpoint' | 'neighbour'>
  let folder: string
  let ca: string
  let agent: IsolatingProcess

  beforeAll(async () => {
    network = openNetwork(['collector', 'endpoint', 'neighbour'])
    folder = mkdtempSync(join(tmpdir(), 'tierline-baselines-'))
    const { collector, neighbour } = network.machines
    const [key, certificate] = makeCertificate()
    ca = certificate
    await listening(collector.spawn(node, [support('peer.ts'), 'listen', '7843', key, certificate]))
    await listening(neighbour.spawn(node, [support('peer.ts'), 'listen', '443']))
  })
  afterAll(() => {
    network?.close()
    rmSync(folder, { recursive: true })
  })
  afterEach(async () => {
    await agent.ask('release')
    await agent.end()
  })

  /** Nobody but what is asked every few seconds is known: no neighbour, and no connection that stands. */
  async function witnessesOf(...args: string[]): Promise<string> {
    const { endpoint, collector } = network.machines
    const about = ['--dir', folder, `--ca=${ca}`, '--collector', `${collector.ipv4} 7843`, ...args]
    agent = new IsolatingProcess(endpoint.spawn(node, [support('isolating.ts'), ...about]))
    await agent.ask('reapply')
    let said = ''
    await until(async () => {
      endpoint.run('ip', ['neigh', 'flush', 'all'])
      const { actual, proof } = await agent.ask('isolate')
      said = `${actual} ${proof?.witness} ${proof?.otherWitnesses ?? ''}`
      await agent.ask('release')
      return said.startsWith('isolated')
    })
    return said
  }

  it('is the address beyond the site that the policy names, which proves an isolation where nobody else answers', async () => {
    const { neighbour } = network.machines
    expect(await witnessesOf('--outside', `${neighbour.ipv4}:443`)).toContain(`tcp ${neighbour.ipv4}:443`)
  })

  it('is the gateway of IPv6 by its address of the link, where there is no other', async () => {
    const { endpoint, neighbour } = network.machines
    const [, gateway = ''] = /inet6 (fe80[0-9a-f:]+)/.exec(neighbour.run('ip', ['-6', 'addr', 'show', 'dev', 'eth0']).stdout) ?? []
    endpoint.run('ip', ['-6', 'route', 'add', 'default', 'via', gateway, 'dev', 'eth0'])
    expect(await witnessesOf()).toContain(`udp [${gateway}%eth0]:9`)
  })
})
