import { spawn } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { expect, it, onTestFinished } from 'vitest'
import type { AuthorityKey } from '#shared/protocol/authority.ts'
import { makeReleaseSecret, openAtMachine } from '../../../agent/at-machine.ts'
import { createHost } from '../../../agent/host/host.ts'
import { systemTime } from '../../../agent/system-time.ts'
import { startTestCollector } from '../../support/collector.ts'
import { top } from '../../support/program.ts'

const log = pino({ level: 'silent' })

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'tierline-at-enrolment-'))
  onTestFinished(() => rmSync(made, { recursive: true, force: true }))
  return made
}

function key(kid: string): AuthorityKey {
  const { x = '' } = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' })
  return { kid: kid.padEnd(20, '-'), key: { kty: 'OKP', crv: 'Ed25519', x } }
}

it('seals the release secret to both authorities before the agent ever ran, and the first run goes on with it', async () => {
  const dataDir = folder()
  const trust = { kind: 'operators' as const, keys: [key('anna'), key('bert')], follow: async () => false }
  const identity = { endpointId: 'e', organisationId: 'o', trust, register: () => undefined }
  await makeReleaseSecret(dataDir, identity, log)
  const atEnrolment = JSON.parse(readFileSync(join(dataDir, 'release/secret.json'), 'utf8')) as {
    secretId: string
    copies: { kid: string }[]
  }
  expect(atEnrolment.copies.map(({ kid }) => kid)).toEqual(trust.keys.map(({ kid }) => kid))

  const people = await openAtMachine({
    ...{
      config: { dataDir, people: { folder: join(dataDir, 'door'), motdFolder: undefined } },
      host: createHost(systemTime),
      time: systemTime,
    },
    ...{ identity, spool: { append: async () => 1 }, signals: { happened: async () => undefined }, log },
  })
  onTestFinished(() => people.stop())
  await people.reseal()
  expect(people.release.sealed()).toEqual({ secretId: atEnrolment.secretId, copies: atEnrolment.copies })
})

it('is made by `enrol` itself', async () => {
  const dataDir = folder()
  await using collector = await startTestCollector()
  const agent = spawn(process.execPath, [join(top, 'bin/tierline-agent.mjs'), 'enrol', '--data', dataDir])
  agent.stdin.end(`${await collector.token()}\n`)
  expect(await once(agent, 'exit')).toEqual([0, null])
  const made = JSON.parse(readFileSync(join(dataDir, 'release/secret.json'), 'utf8')) as { secret: string; number: number }
  expect(Buffer.from(made.secret, 'base64url')).toHaveLength(32)
})
