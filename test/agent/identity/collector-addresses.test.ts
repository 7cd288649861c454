import { mkdirSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { expect, it, vi } from 'vitest'
import { type CollectorAddresses, openCollectorAddresses } from '../../../agent/identity/collector-addresses.ts'
import { type Addresses, openHostNames } from '../../../agent/identity/host-names.ts'
import { FakeTime } from '../../support/fake-time.ts'

const enrolled = 'https://old.example.org:7843'
const [first, second] = ['https://new.example.org:7843', 'https://192.0.2.9'] as const
const inZone = new Map<string, Addresses>([
  ['old.example.org', [{ address: '192.0.2.1', family: 4 }]],
  [
    'new.example.org',
    [
      { address: '192.0.2.2', family: 4 },
      { address: '2001:db8::2', family: 6 },
    ],
  ],
])

interface Wanted {
  listed?: string[]
  dataDir?: string
  isNameServerUp?: () => boolean
}

function addressesOf({ listed = [], dataDir = mkdtempSync(join(tmpdir(), 'tierline-addresses-')), isNameServerUp = () => true }: Wanted) {
  mkdirSync(join(dataDir, 'identity'), { recursive: true })
  const log = pino({ level: 'silent' })
  const lookup = async (host: string) => (isNameServerUp() ? inZone.get(host) : undefined) ?? Promise.reject(new Error('ENOTFOUND'))
  const names = openHostNames({ file: join(dataDir, 'identity', 'names.json'), time: new FakeTime(), log, lookup })
  return { addresses: openCollectorAddresses({ enrolled, listed, names, dataDir, log }), dataDir }
}

/** Whom it dials while nobody answers. */
function dialsInTurn(addresses: CollectorAddresses, times: number): string[] {
  return Array.from({ length: times }, () => {
    const { collector } = addresses
    addresses.dialled(collector, 'failed')
    return collector
  })
}

it('dials the enrolled address while there is no list', () => {
  expect(dialsInTurn(addressesOf({}).addresses, 2)).toEqual([enrolled, enrolled])
})

it('dials a list in its order, the enrolled address last of all, and then the first again', () => {
  const { addresses } = addressesOf({ listed: [first, second] })
  expect(dialsInTurn(addresses, 4)).toEqual([first, second, enrolled, first])
})

it('dials an address once a round, also when it is listed and enrolled', () => {
  const { addresses } = addressesOf({ listed: [enrolled, first] })
  expect(dialsInTurn(addresses, 3)).toEqual([enrolled, first, enrolled])
})

it('stays with the one that worked, over a restart too', async () => {
  const { addresses, dataDir } = addressesOf({ listed: [first, second] })
  addresses.dialled(second, 'welcomed')
  expect(addresses.collector).toBe(second)
  await vi.waitFor(() => expect(addressesOf({ listed: [first, second], dataDir }).addresses.collector).toBe(second))
  expect(addressesOf({ listed: [first], dataDir }).addresses.collector).toBe(first)
})

it('begins a new list with its first, and lets an old failure count for nothing', () => {
  const { addresses } = addressesOf({})
  addresses.dialled(enrolled, 'welcomed')
  addresses.list([first, enrolled])
  addresses.dialled(enrolled, 'failed')
  expect(addresses.collector).toBe(first)
})

it('knows every place of all of them for a firewall, the names as they resolved before', async () => {
  let isNameServerUp = true
  const { addresses } = addressesOf({ isNameServerUp: () => isNameServerUp })
  addresses.list([first, second])
  const all = [
    { address: '192.0.2.2', port: 7843 },
    { address: '2001:db8::2', port: 7843 },
    { address: '192.0.2.9', port: 443 },
    { address: '192.0.2.1', port: 7843 },
  ]
  await vi.waitFor(async () => expect(await addresses.resolve()).toEqual(all))
  isNameServerUp = false
  expect(await addresses.resolve()).toEqual(all)
})

it('says so when none of its names ever resolved', async () => {
  const { addresses } = addressesOf({ isNameServerUp: () => false })
  await expect(addresses.resolve()).rejects.toThrow('ENOTFOUND')
})
