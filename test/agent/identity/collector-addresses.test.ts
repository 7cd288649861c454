import { mkdirSync, mkdtempSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { expect, it } from 'vitest'
import { seconds } from '#shared/domain/time.ts'
import { type Addresses, lookupOf, openCollectorAddresses } from '../../../agent/identity/collector-addresses.ts'
import { FakeTime } from '../../support/fake-time.ts'

const both: Addresses = [
  { address: '192.0.2.7', family: 4 },
  { address: '2001:db8::7', family: 6 },
]

function addressesOf(collector: string, lookup: () => Promise<Addresses>, dataDir = mkdtempSync(join(tmpdir(), 'tierline-addresses-'))) {
  mkdirSync(join(dataDir, 'identity'), { recursive: true })
  const time = new FakeTime()
  return { addresses: openCollectorAddresses({ collector, dataDir, time, log: pino({ level: 'silent' }), lookup }), time, dataDir }
}

const notAsked = async (): Promise<Addresses> => {
  throw new Error('no name server is asked about an address')
}

it('takes an address as it is', async () => {
  const { addresses } = addressesOf('https://[2001:db8::1]:7843', notAsked)
  expect(await addresses.resolve()).toEqual([{ address: '2001:db8::1', family: 6 }])
  expect(addresses.port).toBe(7843)
})

it('remembers all addresses of a name over a restart, for when no name server can be asked', async () => {
  const first = addressesOf('https://rmm.example.org:7843', async () => both)
  expect(await first.addresses.resolve()).toEqual(both)
  const failing = addressesOf('https://rmm.example.org:7843', () => Promise.reject(new Error('EAI_AGAIN')), first.dataDir)
  expect(await failing.addresses.resolve()).toEqual(both)
})

it('answers what it found also when the disk takes nothing, and leaves nothing half written', async () => {
  const { addresses, dataDir } = addressesOf('https://rmm.example.org:7843', async () => both)
  mkdirSync(join(dataDir, 'identity', 'addresses.json'))
  expect(await addresses.resolve()).toEqual(both)
  expect(readdirSync(join(dataDir, 'identity'))).toEqual(['addresses.json'])
})

it('does not wait for a name server that never answers', async () => {
  const { dataDir } = addressesOf('https://rmm.example.org', async () => both)
  await addressesOf('https://rmm.example.org', async () => both, dataDir).addresses.resolve()
  const { addresses, time } = addressesOf('https://rmm.example.org', () => new Promise(() => undefined), dataDir)
  const resolving = addresses.resolve()
  await time.advance(seconds(2))
  expect(await resolving).toEqual(both)
})

it('fails when the name never resolved', async () => {
  const { addresses } = addressesOf('https://rmm.example.org', () => Promise.reject(new Error('ENOTFOUND')))
  await expect(addresses.resolve()).rejects.toThrow('ENOTFOUND')
})

it('serves sockets that want one address and sockets that want all', async () => {
  const { addresses } = addressesOf('https://rmm.example.org', async () => both)
  const answered = (all: boolean) =>
    new Promise((resolve) => lookupOf(addresses)('rmm.example.org', { all }, (_error, address) => resolve(address)))
  expect(await answered(true)).toEqual(both)
  expect(await answered(false)).toBe('192.0.2.7')
})
