import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { windowsReleaseOf } from '#shared/domain/windows-release.ts'

const known = join(import.meta.dirname, '../../../../shared/data/endoflife/products.json')
const editions: Record<string, string> = { w: 'Professional', e: 'Education', 'e-lts': 'EnterpriseS', 'iot-lts': 'IoTEnterpriseS' }

it('names a release by build, edition and what it was installed as', () => {
  const named = (build: number, edition: string, installation: string) => windowsReleaseOf({ build, edition, installation })?.cycle
  expect(named(26100, 'Professional', 'Client')).toBe('11-24h2-w')
  expect(named(26100, 'Enterprise', 'Client')).toBe('11-24h2-e')
  expect(named(26100, 'ServerDatacenter', 'Server Core')).toBe('2025')
  expect(named(19045, 'Core', 'Client')).toBe('10-22h2')
  expect(named(17763, 'EnterpriseS', 'Client')).toBe('10-1809-e-lts')
  expect(named(99999, 'Professional', 'Client')).toBeUndefined()
  expect(named(17763, 'ServerStandard', 'Server')).toBe('2019')
})

if (!existsSync(known)) console.info('windows-release: not held against endoflife.date, whose list is not here')
it.skipIf(!existsSync(known))('knows each release of 10, 11 and the servers that endoflife.date knows', () => {
  const products = JSON.parse(readFileSync(known, 'utf8')) as Record<string, { releases: { releaseCycle: string; latest: string }[] }>
  const all = (product: string) =>
    products[product]?.releases.map(({ releaseCycle, latest }) => [releaseCycle, Number(latest.split('.')[2])] as const) ?? []
  // A device of its own kind, of 2015.
  for (const [cycle, build] of all('windows').filter(([name]) => /^1[01]-/.test(name) && name !== '10-1507-iot')) {
    const edition = editions[/-(w|e|e-lts|iot-lts)$/.exec(cycle)?.[1] ?? 'w'] ?? ''
    expect([cycle, windowsReleaseOf({ build, edition, installation: 'Client' })]).toEqual([cycle, { product: 'windows', cycle }])
  }
  for (const [cycle, build] of all('windows-server').filter(([name]) => /^(?:2012|2016|2019|202\d)/.test(name)))
    expect(windowsReleaseOf({ build, edition: 'ServerStandard', installation: 'Server' })).toEqual({ product: 'windows-server', cycle })
})
