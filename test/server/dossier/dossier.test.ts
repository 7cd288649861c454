import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { readTar, writeTar } from '#shared/protocol/tar.ts'
import { linkOf, payloadHashOf } from '../../../server/audit/chain.ts'
import { makeDossier } from '../../../server/cli/dossier.ts'
import { openDossier } from '../../../server/dossier/dossier.ts'
import { startConsole, type TestConsole } from '../http/start-console.ts'
import { addOrganisation, type Belongings } from '../http/world.ts'

let console_: TestConsole
let own: Belongings
let dataDir: string
let archive: Buffer
let kid: string
beforeAll(async () => {
  console_ = await startConsole()
  dataDir = mkdtempSync(join(tmpdir(), 'tierline-dossier-'))
  own = await addOrganisation(console_, 'alpha')
  const made = await makeDossier(console_.store, dataDir, own.ticket)
  archive = made.archive
  kid = made.kid
})
afterAll(async () => {
  rmSync(dataDir, { recursive: true, force: true })
  await console_[Symbol.asyncDispose]()
})

const textOf = async (name: string): Promise<string> =>
  (await openDossier(archive)).files.find((file) => file.name === name)?.content.toString() ?? ''

it('holds timeline, evidence with both times, commands, ledger and the lines of the audit, signed with the head', async () => {
  const { manifest, files, kid: signer } = await openDossier(archive)
  const names = files.map(({ name }) => name)
  expect(names).toEqual(
    expect.arrayContaining(['README.txt', 'ticket.json', 'timeline.jsonl', 'commands.jsonl', 'ledger.txt', 'audit.jsonl', 'manifest.jws']),
  )
  expect(signer).toBe(kid)
  expect(manifest.auditHead).toMatch(/^\d+:[0-9a-f]{64}$/)
  for (const name of names.filter((each) => each.startsWith('evidence/')))
    expect(JSON.parse(await textOf(name))).toMatchObject({
      happenedAt: expect.stringMatching(/Z$/),
      arrivedAt: expect.stringMatching(/Z$/),
    })
  expect(await textOf('commands.jsonl')).toContain(own.command)
})

it('holds lines of the audit whose hashes can be computed anew, the one of its own making among them', async () => {
  const rows = (await textOf('audit.jsonl'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(rows.map(({ action }) => action)).toContain('ticket.dossier')
  for (const {
    id,
    number,
    at,
    actor,
    action,
    target,
    organisation_id: organisationId,
    payload_hash: payloadHash,
    previous,
    hash,
    salt,
    detail,
  } of rows) {
    const instant = Number(/\((\d+)\)$/.exec(at)?.[1])
    expect(linkOf({ id, number, at: instant, actor, action, target, organisationId, payloadHash, previous })).toBe(hash)
    expect(payloadHashOf(salt, detail)).toBe(payloadHash)
  }
})

it('says which file was altered, taken out, or put in', async () => {
  const files = readTar(gunzipSync(archive))
  const packed = (changed: typeof files) => openDossier(gzipSync(writeTar(changed, 0)))
  const altered = files.map((file) => (file.name === 'timeline.jsonl' ? { ...file, content: Buffer.from('{}\n') } : file))
  await expect(packed(altered)).rejects.toThrow('timeline.jsonl was altered')
  await expect(packed(files.filter(({ name }) => name !== 'ledger.txt'))).rejects.toThrow('ledger.txt is missing')
  await expect(packed([...files, { name: 'evidence/9999.json', content: Buffer.from('{}') }])).rejects.toThrow(
    'evidence/9999.json was put in later',
  )
  const other = files.map((file) => (file.name === 'manifest.jws' ? { ...file, content: Buffer.from('a.b.c') } : file))
  await expect(packed(other)).rejects.toThrow('the signature of its manifest does not hold')
  await expect(openDossier(archive.subarray(0, 200))).rejects.toThrow('can’t be unpacked')
})

it('writes no name that leads out of a folder', () => {
  for (const name of ['../x', '/etc/passwd', 'a/../b', '.hidden'])
    expect(() => writeTar([{ name, content: Buffer.alloc(0) }], 0)).toThrow('can’t be the name')
})
