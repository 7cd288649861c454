import { expect, it } from 'vitest'
import type { Settings } from '#shared/domain/policy-settings.ts'
import { loadConfig } from '../../../agent/config.ts'
import { memberOf, openPolicy } from '../../../agent/policy/policy.ts'
import { settingsInForce } from '../../../agent/settings-in-force.ts'

function room() {
  let layers: { from: string; members?: string[]; settings: Settings }[] = []
  const documents = {
    content: () => (layers.length === 0 ? undefined : ({ organisationId: 'org-1', layers } as never)),
    numbers: () => ({ policy: layers.length }),
  }
  const policy = openPolicy({ endpointId: 'pc-1', documents })
  const say = (...said: typeof layers): void => {
    layers = said
    policy.refresh()
  }
  return { policy, say, inForce: settingsInForce(policy, loadConfig({ data: '/nowhere' }, {})) }
}

it('goes by agent.json where the policy says nothing, and by the policy from the moment it does', () => {
  const { policy, say, inForce } = room()
  const heard: string[] = []
  policy.onChanged((keys) => heard.push(keys.join()))
  expect([policy.number(), inForce.suspendsAlone(), inForce.sampleEveryMs(), inForce.isolation().leaseHours]).toEqual([
    0,
    false,
    10_000,
    null,
  ])
  say({ from: 'line 2', settings: { 'security.suspendsAlone': true, 'samples.everySeconds': 60, 'isolation.leaseHours': 48 } })
  expect([policy.number(), inForce.suspendsAlone(), inForce.sampleEveryMs(), inForce.isolation().leaseHours]).toEqual([1, true, 60_000, 48])
  say({ from: 'line 2', settings: { 'security.suspendsAlone': true, 'isolation.leaseHours': null } })
  expect([inForce.sampleEveryMs(), inForce.isolation().leaseHours]).toEqual([10_000, null])
  expect(heard).toEqual(['security.suspendsAlone,samples.everySeconds,isolation.leaseHours', 'samples.everySeconds,isolation.leaseHours'])
})

it('takes its own layers only, and leaves out what it can’t read', () => {
  const { policy, say, inForce } = room()
  const mine = { from: 'line 3', members: [memberOf('pc-1')], settings: { 'network.badDestinations': ['192.0.2.0/24'] } }
  const others = { from: 'line 5', members: [memberOf('pc-2')], settings: { 'network.badDestinations': [], 'network.isScanner': true } }
  say(mine, others, {
    from: 'line 7',
    settings: { 'samples.everySeconds': 'often', 'health.disk-full.usedPercent': 80, 'health.of-tomorrow': 'off' },
  })
  const network = inForce.sensing({ wasUpdated: false } as never).network?.()
  expect(network).toEqual({ badDestinations: ['192.0.2.0/24'], isScanner: false })
  expect(inForce.sampleEveryMs()).toBe(10_000)
  expect(policy.health()).toEqual({ 'disk-full.usedPercent': 80 })
})
