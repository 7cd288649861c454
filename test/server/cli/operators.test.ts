import { createHash } from 'node:crypto'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { days } from '#shared/domain/time.ts'
import { canonicalJson } from '#shared/protocol/canonical.ts'
import { signIn } from '../../support/api.ts'
import { startTestCollector, type TestCollector } from '../../support/collector.ts'
import { tierline as commandLine } from '../../support/command-line.ts'
import { databaseSetting } from '../../support/database.ts'

/* One story, told in order: keys are made, an operator is certified, signs, and is revoked. Passphrases come from files only. */
const folder = mkdtempSync(join(tmpdir(), 'tierline-operators-'))
const dataDir = join(folder, 'data')
const file = (name: string): string => join(folder, name)
let collector: TestCollector | undefined
let database: string

beforeAll(async () => {
  database = await databaseSetting(dataDir)
  for (const name of ['one', 'two', 'anna', 'new']) {
    writeFileSync(file(name), `the passphrase of ${name}\n`)
    chmodSync(file(name), 0o600)
  }
})
afterAll(async () => {
  await collector?.stop()
  rmSync(folder, { recursive: true, force: true })
})

async function tierline(...args: string[]): Promise<{ code: number; said: string }> {
  const { code, out, err } = await commandLine(...args)
  return { code, said: out + err }
}
const here = () => ['--data', dataDir, '--database', database]
const withOne = () => ['--with', join(dataDir, 'authority/authority-1.key'), '--passphrase-file', file('one')]

it('makes two keys that only their passphrases open, once', async () => {
  const passphrases = ['--passphrase-file', file('one'), '--passphrase-file-2', file('two')]
  expect((await tierline('operator', ...here())).said).toContain('trust: collector')
  expect(await tierline('init', ...here(), ...passphrases)).toMatchObject({
    code: 0,
    said: expect.stringContaining('away from this machine'),
  })
  const key = join(dataDir, 'authority/authority-1.key')
  expect(statSync(key).mode & 0o777).toBe(0o600)
  expect(readFileSync(key, 'utf8')).not.toMatch(/"d"|passphrase/)
  expect(await tierline('init', ...here(), ...passphrases)).toMatchObject({ code: 1, said: expect.stringContaining('named here already') })
})

it('refuses a wrong passphrase, a shared file and no passphrase, and repeats none of them', async () => {
  writeFileSync(file('wrong'), 'not the right passphrase')
  chmodSync(file('wrong'), 0o600)
  const renew = (passphrase: string) =>
    tierline('operator', 'renew', ...here(), '--with', join(dataDir, 'authority/authority-1.key'), '--passphrase-file', passphrase)
  expect(await renew(file('wrong'))).toEqual({ code: 1, said: 'The passphrase does not open this key, or its file was altered.\n' })
  chmodSync(file('wrong'), 0o644)
  expect((await renew(file('wrong'))).said).toContain('chmod 600')
  const { said } = await tierline('operator', 'key', 'Anna', '--to', file('never.key'))
  expect([said, existsSync(file('never.key'))]).toEqual([expect.stringContaining('Type the passphrase'), false])
})

it('certifies an operator, for some verbs and days', async () => {
  await tierline('operator', 'key', 'Anna', '--to', file('anna.key'), '--passphrase-file', file('anna'))
  const certify = (...more: string[]) => tierline('operator', 'certify', file('anna.key.pub'), ...here(), ...withOne(), ...more)
  expect((await certify('--days', '31')).said).toContain('1 to 30')
  expect((await certify('--verbs', 'format-disk')).said).toContain('There is no command "format-disk"')
  const whole = readFileSync(file('anna.key.pub'), 'utf8')
  writeFileSync(file('anna.key.pub'), JSON.stringify({ ...JSON.parse(whole), key: { kty: 'OKP', crv: 'Ed25519', x: 'damaged' } }))
  expect(await certify()).toMatchObject({ code: 1, said: expect.stringContaining('is damaged') })
  writeFileSync(file('anna.key.pub'), whole)
  const { said } = await certify('--verbs', 'isolate-host,release-host', '--days', '7')
  expect(said).toMatch(/Anna: isolate-host, release-host for \*, until .*\nThere is one operator/)
})

it('signs what waits, and shows it before', async () => {
  collector = await startTestCollector({ dataDir, database })
  const { login, password } = collector.firstSignIn
  const person = await signIn(collector.consoleUrl, login, password)
  const { token } = await person.post<{ token: string }>('/api/tokens', { name: 'sign' })
  writeFileSync(file('token'), token)
  chmodSync(file('token'), 0o600)
  const { organisationId, store } = collector
  const endpoint = { id: 'endpoint-1', organisation_id: organisationId, site_id: null, hostname: 'dc-1', platform: 'linux' } as const
  await store.db
    .insertInto('endpoints')
    .values({ ...endpoint, confirmed_role: 'core', enrolled_at: 1, removed_at: null })
    .execute()
  await person.post('/api/endpoints/endpoint-1/isolate', { reason: 'it looks \u001b[2Jbad' })
  const row = () => store.db.selectFrom('commands').selectAll().executeTakeFirstOrThrow()
  await expect.poll(async () => (await row()).status).toBe('unsigned')

  const sign = ['sign', '--url', collector.consoleUrl, '--token-file', file('token')]
  const shown = await tierline(...sign)
  expect(shown.said).toMatch(
    /isolate-host: Cut this endpoint off.*protective[\s\S]*endpoint-1 \(the collector calls it dc-1\)[\s\S]*it looks \?\[2Jbad/,
  )
  const { id, payload } = await row()
  const digest = createHash('sha256')
    .update(payload ?? '')
    .digest('hex')
    .slice(0, 40)
  expect(shown.said).toContain(`${digest}\n`)
  expect(payload).toBe(canonicalJson(JSON.parse(payload ?? '')))
  const asAnna = ['--with', file('anna.key'), '--passphrase-file', file('anna')]
  // The collector puts other bytes under the same id after they were shown.
  const other = canonicalJson({ ...JSON.parse(payload ?? ''), reason: 'exchanged' })
  const put = (bytes: string | null) => store.db.updateTable('commands').set({ payload: bytes }).where('id', '=', id).execute()
  await put(other)
  for (const named of [digest, id])
    expect(await tierline(...sign, named, ...asAnna)).toMatchObject({
      code: 1,
      said: expect.stringContaining(`Nothing with the digest ${named}`),
    })
  expect((await row()).signatures).toBe('[]')
  await put(payload)
  expect(await tierline(...sign, digest, ...asAnna)).toMatchObject({
    code: 0,
    said: expect.stringContaining('signed by 1 of 1; it is queued'),
  })
  expect(await row()).toMatchObject({ status: 'queued', signatures: expect.stringContaining('"operator":"Anna"') })
})

it('keeps an operator who lapsed in the register when it is renewed, so that waiting halves no need of two', async () => {
  const clock = vi.spyOn(Date, 'now').mockReturnValue(Date.now() + days(8))
  const { said } = await tierline('operator', 'renew', ...here(), ...withOne()).finally(() => clock.mockRestore())
  expect(said).toContain('Anna: isolate-host')
})

it('revokes an operator, and replaces an authority key by the other', async () => {
  expect((await tierline('operator', 'revoke', 'Anna', ...here(), ...withOne())).said).toContain('There are no operators')
  const rotate = ['authority', 'rotate', '--with', join(dataDir, 'authority/authority-2.key'), '--to', file('authority-3.key')]
  const passphrases = ['--passphrase-file', file('two'), '--passphrase-file-new', file('new')]
  // A crash may come after the new key was written, or after the succession was signed: the same command finishes.
  const cut = vi.spyOn(crypto.subtle, 'sign').mockRejectedValueOnce(new Error('cut off'))
  await tierline(...rotate, ...here(), ...passphrases).finally(() => cut.mockRestore())
  expect([existsSync(file('authority-3.key')), (await tierline('authority', ...here())).said]).toEqual([
    true,
    expect.stringContaining('succession 0'),
  ])
  rmSync(file('authority-3.key.pub'))
  expect((await tierline(...rotate, ...here(), ...passphrases)).said).toContain('succession 1')
  expect((await tierline(...rotate, ...here(), ...passphrases)).said).toContain('succession 1')
  expect(existsSync(file('authority-3.key.pub'))).toBe(true)
  expect((await tierline('operator', 'renew', ...here(), ...withOne())).said).toContain('or one that was replaced')
  const renewed = await tierline('operator', 'renew', ...here(), '--with', file('authority-3.key'), '--passphrase-file', file('new'))
  expect(renewed.code).toBe(0)
})
