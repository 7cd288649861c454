import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Conversation } from '../../../agent/host/conversation.ts'
import type { Host } from '../../../agent/host/host.ts'
import { watchRuleset } from '../../../agent/isolate/firewalls/watch-ruleset.ts'
import { FakeTime } from '../../support/fake-time.ts'
import { until } from '../../support/isolating-process.ts'
import { type Machine, type Network, openNetwork, whyNoNamespaces } from '../../support/namespaces.ts'

/** The real programs, on a machine of its own. */
const hostOn = (machine: Machine): Pick<Host, 'converse'> => ({
  converse: (program, args, { onLine, onEnd }): Conversation => {
    const child = machine.spawn(program, args)
    if (!child.stdout) throw new Error('no pipe')
    createInterface({ input: child.stdout }).on('line', onLine)
    const ended = new Promise<void>((resolve) => void child.on('close', () => resolve(onEnd('ended'))))
    const end = (): Promise<void> => {
      child.kill('SIGTERM')
      return ended
    }
    return { say: () => undefined, end }
  },
})

describe.skipIf(whyNoNamespaces() !== undefined)('a device that is new', () => {
  let network: Network<'endpoint'>
  beforeAll(() => {
    network = openNetwork(['endpoint'])
  })
  afterAll(() => network?.close())

  it('is told of by the kernel, before its list is read again', async () => {
    const { endpoint } = network.machines
    const devices = (): string[] => endpoint.run('ip', ['-br', 'link']).stdout.match(/^\S+/gm) ?? []
    const told: true[] = []
    // Its clock stands, so that nothing is looked at by itself.
    const stop = watchRuleset({ host: hostOn(endpoint) as Host, time: new FakeTime(), devices, touched: () => void told.push(true) })
    let count = 0
    await until(() => {
      count += 1
      endpoint.run('ip', ['link', 'add', `new${count}`, 'type', 'veth', 'peer', 'name', `end${count}`])
      return told.length > 0
    })
    expect(told.length).toBeGreaterThan(0)
    stop()
  })
})
