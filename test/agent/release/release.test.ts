import { generateKeyPairSync } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { IsolationStatus } from '#shared/domain/endpoint.ts'
import { aboutCopy, releaseCodeOf, shownCode } from '#shared/domain/release-code.ts'
import { hours, minutes } from '#shared/domain/time.ts'
import type { RecordBody } from '#shared/protocol/record.ts'
import { jsonFile } from '../../../agent/json-file.ts'
import { doorIn, openDoor, typeAt } from '../../../agent/release/door.ts'
import { openRelease, type Release } from '../../../agent/release/release.ts'
import type { Recipient } from '../../../agent/release/seal.ts'
import type { Happening } from '../../../agent/signal/signal.ts'
import { systemTime } from '../../../agent/system-time.ts'
import { unseal } from '../../../server/identity/unseal.ts'
import { FakeTime } from '../../support/fake-time.ts'

const endpointId = 'endpoint-0001'
const log = pino({ level: 'silent' })

/** A person with a key as key files hold it. */
function person(name: string): Recipient & { seed: Buffer } {
  const { privateKey } = generateKeyPairSync('ed25519')
  const { x = '', d = '' } = privateKey.export({ format: 'jwk' })
  return { kid: `kid-of-${name}-padded-to-twenty`, name, key: { kty: 'OKP', crv: 'Ed25519', x }, seed: Buffer.from(d, 'base64url') }
}

let folder: string
let file: string
let time: FakeTime
let status: IsolationStatus
let people: Recipient[]
let raised: Happening[]
let spooled: RecordBody[]
let isDiskFull: boolean
const anna = person('anna')
const bert = person('bert')

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tierline-release-'))
  file = join(folder, 'release/secret.json')
  time = new FakeTime()
  status = { actual: 'open', readiness: { isReady: true }, since: 0 }
  people = [anna]
  raised = []
  spooled = []
  isDiskFull = false
})
afterEach(() => rmSync(folder, { recursive: true }))

async function open(id = endpointId): Promise<Release> {
  const kept = jsonFile(file)
  const full = async (): Promise<void> => Promise.reject(new Error('ENOSPC'))
  const release = await openRelease({
    file: { read: kept.read, write: (value) => (isDiskFull ? full() : kept.write(value)) },
    ...{ endpointId: id, recipients: () => people, time, log },
    isolation: () => ({
      status: () => status,
      release: async () => {
        status = { ...status, actual: 'open' }
        return status
      },
    }),
    happened: async (event) => void raised.push(event),
    append: async (_lane, body) => spooled.push(body),
  })
  await release.reseal()
  return release
}

function isolate(release: Release): number {
  status = { ...status, actual: 'isolated', number: release.nextNumber(), commandId: 'command-0001' }
  release.changed(status)
  return status.number ?? 0
}

/** As whoever holds the key makes it, from what the agent gave away. */
async function codeBy(who: typeof anna, release: Release, number: number, of = endpointId): Promise<string> {
  const { secretId = '', copies = [] } = release.sealed() ?? {}
  const box = copies.find(({ kid }) => kid === who.kid)?.box ?? ''
  return releaseCodeOf(unseal(who.seed, box, aboutCopy(of, secretId, who.kid)), of, number)
}
const wrong = '0000000000'

it('opens by the code of this isolation, however it was typed, and says so once the collector is back', async () => {
  const release = await open()
  const number = isolate(release)
  const code = shownCode(await codeBy(anna, release, number))
    .toLowerCase()
    .replaceAll('0', 'o')
    .replaceAll('1', 'l')

  expect(await release.type(` ${code} `, 'anyone')).toEqual({ kind: 'released' })
  expect(status.actual).toBe('open')
  expect(raised).toEqual([expect.objectContaining({ kind: 'security.isolation.code-right', severity: 'high' })])
  expect(spooled).toEqual([
    expect.objectContaining({ commandId: 'command-0001', atMachine: { event: 'code-right', number }, isolation: status }),
  ])
})

it('takes neither the code before, nor that of another isolation, nor another machine’s', async () => {
  const release = await open()
  const first = await codeBy(anna, release, isolate(release))
  expect(await release.type(first, 'anyone')).toEqual({ kind: 'released' })
  expect(await release.type(first, 'anyone')).toEqual({ kind: 'not-isolated' })

  const number = isolate(release)
  expect(number).toBe(2)
  const secret = JSON.parse(readFileSync(file, 'utf8')) as { secret: string }
  const others = await releaseCodeOf(Buffer.from(secret.secret, 'base64url'), 'endpoint-0002', number)
  for (const code of [first, await codeBy(anna, release, number + 1), others])
    expect(await release.type(code, 'anyone')).toMatchObject({ kind: 'wrong' })
  expect(status.actual).toBe('isolated')
  expect(await release.type(await codeBy(anna, release, number), 'anyone')).toEqual({ kind: 'released' })
})

it('counts on with the number after a restart, also when nothing but the wish on disk had it', async () => {
  const release = await open()
  isolate(release)
  await release.type(wrong, 'anyone')
  const again = await open()
  expect(again.nextNumber()).toBe(2)
  again.changed({ ...status, actual: 'isolating', number: 7 })
  expect(again.nextNumber()).toBe(8)
})

it('looks at nothing more after five wrong ones in an hour, also over a restart; root has a door of its own', async () => {
  let release = await open()
  const number = isolate(release)
  const right = await codeBy(anna, release, number)
  for (const left of [4, 3, 2, 1]) expect(await release.type(wrong, 'anyone')).toEqual({ kind: 'wrong', left })
  const until = time.now() + hours(1)
  expect(await release.type(wrong, 'anyone')).toEqual({ kind: 'locked', until })
  expect(raised.map(({ kind }) => kind.split('.').at(-1))).toEqual([...Array(4).fill('code-wrong'), 'code-locked'])

  release = await open()
  await time.advance(minutes(59))
  expect(await release.type(right, 'anyone')).toEqual({ kind: 'locked', until })
  expect(status.actual).toBe('isolated')
  expect(await release.type(wrong, 'root')).toEqual({ kind: 'wrong', left: 4 })
  expect(raised).toHaveLength(6)
  await time.advance(minutes(1))
  expect(await release.type(right, 'anyone')).toEqual({ kind: 'released' })
})

it('answers what can’t be a code without counting it', async () => {
  const release = await open()
  isolate(release)
  for (const text of ['', 'short', 'UUUUUUUUUU', '🔒🔒🔒🔒🔒', 'A'.repeat(64)])
    expect(await release.type(text, 'anyone')).toEqual({ kind: 'no-code' })
  expect(await release.type(wrong, 'anyone')).toEqual({ kind: 'wrong', left: 4 })
})

it('opens by a right code on a full disk, and takes a wrong one as the last', async () => {
  const release = await open()
  const number = isolate(release)
  await release.reseal()
  isDiskFull = true
  expect(await release.type(wrong, 'anyone')).toMatchObject({ kind: 'locked' })
  expect(await release.type(await codeBy(anna, release, number), 'anyone')).toEqual({ kind: 'released' })
})

it('seals to each by their key alone; who came later gets a copy, and who left knows nothing any more', async () => {
  const release = await open()
  const before = await codeBy(anna, release, 1)
  expect(() => unseal(bert.seed, release.sealed()?.copies[0]?.box ?? '', aboutCopy(endpointId, 'x', anna.kid))).toThrow('does not open')

  people = [anna, bert]
  await release.reseal()
  expect(await codeBy(bert, release, 1)).toBe(before)

  isolate(release)
  people = [bert]
  await release.reseal()
  expect(await codeBy(anna, release, 1)).toBe(before)
  status = { ...status, actual: 'open' }
  await release.reseal()
  expect(release.sealed()?.copies.map(({ name }) => name)).toEqual(['bert'])
  expect(await codeBy(bert, release, 1)).not.toBe(before)
})

it('keeps the secret where only root reads, and gives out nothing of it', async () => {
  const release = await open()
  expect(statSync(file).mode & 0o777).toBe(0o600)
  const { secret } = JSON.parse(readFileSync(file, 'utf8')) as { secret: string }
  expect(JSON.stringify(release.sealed())).not.toContain(secret)
  people = []
  rmSync(file)
  const nobodys = await open()
  isolate(nobodys)
  expect(nobodys.sealed()).toBeUndefined()
  expect(await nobodys.type(wrong, 'anyone')).toEqual({ kind: 'no-secret' })
})

it('takes one line at its door, which anybody may use, and nothing longer', async () => {
  const release = await open()
  const number = isolate(release)
  const close = openDoor(join(folder, 'public'), 'anyone', (text, door) => release.type(text, door), { log, time: systemTime })
  const door = doorIn(join(folder, 'public'))
  await expect.poll(() => typeAt(door, wrong)).toEqual({ kind: 'wrong', left: 4 })
  expect(statSync(door).mode & 0o777).toBe(0o666)
  expect(await typeAt(door, await codeBy(anna, release, number))).toEqual({ kind: 'released' })
  close?.()
  expect(await typeAt(join(folder, 'nowhere.sock'), wrong)).toBeUndefined()
})

it('shows no copy of a secret that is not on disk, and seals again once the disk takes it', async () => {
  const release = await open()
  const before = release.sealed()
  people = [bert]
  isDiskFull = true
  await expect(release.reseal()).rejects.toThrow('ENOSPC')
  expect(release.sealed()).toEqual(before)
  isDiskFull = false
  expect(await release.reseal()).toBe(true)
  expect(release.sealed()?.copies.map(({ name }) => name)).toEqual(['bert'])
})

it('lets nobody hold its door with a letter now and then', async () => {
  const needs = { log, time: systemTime, within: 150 }
  const close = openDoor(join(folder, 'public'), 'anyone', async () => ({ kind: 'wrong', left: 4 }), needs)
  const door = doorIn(join(folder, 'public'))
  await expect.poll(() => existsSync(door)).toBe(true)
  const socket = createConnection(door)
  const dripping = setInterval(() => socket.write('x'), 40)
  await new Promise((closed) => socket.on('error', closed).on('close', closed))
  clearInterval(dripping)
  expect(socket.bytesWritten).toBeLessThan(30)
  close?.()
})
