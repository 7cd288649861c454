import { generateKeyPairSync } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { expect, it, onTestFinished } from 'vitest'
import type { ActualIsolation, IsolationStatus } from '#shared/domain/endpoint.ts'
import type { AuthorityKey } from '#shared/protocol/authority.ts'
import { openAtMachine } from '../../../agent/at-machine.ts'
import { createHost } from '../../../agent/host/host.ts'
import { systemTime } from '../../../agent/system-time.ts'
import { FakeTime } from '../../support/fake-time.ts'

function key(kid: string): AuthorityKey {
  const { x = '' } = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' })
  return { kid: kid.padEnd(20, '-'), key: { kty: 'OKP', crv: 'Ed25519', x } }
}

async function openMachine() {
  const dataDir = mkdtempSync(join(tmpdir(), 'tierline-leaver-'))
  onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }))
  const [anna, bert] = [key('anna'), key('bert')]
  const trust = { kind: 'operators' as const, keys: [anna, bert], follow: async () => false }
  let status: IsolationStatus = { actual: 'open', readiness: { isReady: true }, since: 0 }
  const said: unknown[] = []
  const people = await openAtMachine({
    ...{
      config: { dataDir, people: { folder: join(dataDir, 'door'), motdFolder: undefined } },
      host: createHost(systemTime),
      time: new FakeTime(),
    },
    identity: { endpointId: 'e', organisationId: 'o', trust, register: () => undefined },
    ...{ spool: { append: async () => 1 }, signals: { happened: async () => undefined } },
    log: pino({ level: 'error' }, { write: (line: string) => void said.push(JSON.parse(line)) }),
  })
  onTestFinished(() => people.stop())
  let resealed = 0
  people.onResealed(() => {
    resealed += 1
  })
  await people.begin({ status: () => status, release: async () => status })
  const become = async (actual: ActualIsolation): Promise<void> => {
    status = { ...status, actual, number: 1 }
    people.changed(status)
    // Whoever asks next has their turn behind what that began.
    await people.reseal()
  }
  const holders = (): string[] => people.release.sealed()?.copies.map(({ kid }) => kid.replaceAll('-', '')) ?? []
  return { dataDir, people, trust, anna, said, become, holders, resealed: () => resealed }
}

it('whoever left while the machine was closed knows its secret no longer than that', async () => {
  const { people, trust, anna, become, holders, resealed } = await openMachine()
  const before = people.release.sealed()?.secretId
  await become('isolated')
  trust.keys = [anna]
  await people.reseal()
  expect([holders(), resealed()]).toEqual([['anna', 'bert'], 1])
  await become('open')
  expect([holders(), resealed()]).toEqual([['anna'], 2])
  expect(people.release.sealed()?.secretId).not.toBe(before)
})

it.skipIf(process.platform === 'win32')('a secret that can’t be sealed on disk is logged, and the one before stands', async () => {
  const { dataDir, people, trust, anna, said, holders } = await openMachine()
  rmSync(join(dataDir, 'release/secret.json'), { force: true })
  mkdirSync(join(dataDir, 'release/secret.json'))
  chmodSync(join(dataDir, 'release'), 0o700)
  trust.keys = [anna]
  await people.reseal()
  expect([holders(), said]).toMatchObject([['anna', 'bert'], [{ msg: 'the release secret could not be sealed on disk' }]])
})
