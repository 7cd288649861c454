import { mkdirSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { expect, it } from 'vitest'
import { seconds } from '#shared/domain/time.ts'
import { type Addresses, type Lookup, lookupOf, openHostNames } from '../../../agent/identity/host-names.ts'
import { FakeTime } from '../../support/fake-time.ts'

const host = 'rmm.example.org'
const both: Addresses = [
  { address: '192.0.2.7', family: 4 },
  { address: '2001:db8::7', family: 6 },
]

function namesWith(lookup: Lookup, folder = mkdtempSync(join(tmpdir(), 'tierline-names-'))) {
  const time = new FakeTime()
  const file = join(folder, 'names.json')
  return { names: openHostNames({ file, time, log: pino({ level: 'silent' }), lookup }), time, folder, file }
}

const notAsked = async (): Promise<Addresses> => {
  throw new Error('no name server is asked about an address')
}

it('takes an address as it is', async () => {
  const { names } = namesWith(notAsked)
  expect(await names.resolve('2001:db8::1')).toEqual([{ address: '2001:db8::1', family: 6 }])
  expect(names.known('192.0.2.7')).toEqual([{ address: '192.0.2.7', family: 4 }])
})

it('remembers all addresses of a name over a restart, for when no name server can be asked', async () => {
  const first = namesWith(async () => both)
  expect(first.names.known(host)).toBeUndefined()
  expect(await first.names.resolve(host)).toEqual(both)
  const failing = namesWith(() => Promise.reject(new Error('EAI_AGAIN')), first.folder)
  expect([failing.names.known(host), await failing.names.resolve(host)]).toEqual([both, both])
})

it('answers what it found also when the disk takes nothing, and leaves nothing half written', async () => {
  const { names, folder, file } = namesWith(async () => both)
  mkdirSync(file)
  expect(await names.resolve(host)).toEqual(both)
  expect(readdirSync(folder)).toEqual(['names.json'])
})

it('does not wait for a name server that never answers', async () => {
  const { folder, names: answered } = namesWith(async () => both)
  await answered.resolve(host)
  const { names, time } = namesWith(() => new Promise(() => undefined), folder)
  const resolving = names.resolve(host)
  await time.advance(seconds(2))
  expect(await resolving).toEqual(both)
})

it('fails when the name never resolved', async () => {
  const { names } = namesWith(() => Promise.reject(new Error('ENOTFOUND')))
  await expect(names.resolve(host)).rejects.toThrow('ENOTFOUND')
})

it('keeps the newest twenty names, however many lists come', async () => {
  const { names, file } = namesWith(async () => both)
  for (let count = 1; count <= 30; count += 1) await names.resolve(`collector-${count}.example.org`)
  const kept = Object.keys(JSON.parse(readFileSync(file, 'utf8')) as object)
  expect([kept.length, kept.at(0), kept.at(-1)]).toEqual([20, 'collector-11.example.org', 'collector-30.example.org'])
})

it('serves sockets that want one address and sockets that want all', async () => {
  const { names } = namesWith(async () => both)
  const answered = (all: boolean) => new Promise((resolve) => lookupOf(names)(host, { all }, (_error, address) => resolve(address)))
  expect(await answered(true)).toEqual(both)
  expect(await answered(false)).toBe('192.0.2.7')
})
