import { randomUUID } from 'node:crypto'
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { seconds } from '#shared/domain/time.ts'
import { CloseCode } from '#shared/protocol/close-codes.ts'
import { openKeyFile } from '../../server/cli/start/key-file.ts'
import { putRegister } from '../../server/cli/start/trust.ts'
import { startTestAgent, type TestAgent } from '../support/agent.ts'
import { findChromium } from '../support/browser.ts'
import { tierline } from '../support/command-line.ts'
import { databaseSetting } from '../support/database.ts'
import { type Seat, takeSeat } from '../support/seat.ts'

/* A key that never leaves a real browser: made, handed in, certified by the command line, used, and ended. Told in order. */
const chromium = findChromium()
const within = { timeout: seconds(20), interval: 50 }

/** What an altered page could do with the key: use it, and not read it. */
const alteredPage = `async (text) => {
  const settled = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
  const database = await settled(indexedDB.open('tierline-keys', 1))
  const [{ privateKey, publicKey }] = await settled(database.transaction('keys').objectStore('keys').getAll())
  const isRead = await crypto.subtle.exportKey('pkcs8', privateKey).then(() => true, () => false)
  if (isRead || privateKey.extractable) throw new Error('the private half can be read')
  const bytes = (said) => new TextEncoder().encode(said)
  const url = (raw) => btoa(String.fromCharCode(...new Uint8Array(raw))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
  const { x } = await crypto.subtle.exportKey('jwk', publicKey)
  const kid = url(await crypto.subtle.digest('SHA-256', bytes('{"crv":"Ed25519","kty":"OKP","x":"' + x + '"}')))
  const signed = url(bytes(JSON.stringify({ alg: 'EdDSA', typ: 'tierline-command+jws', kid }))) + '.' + url(bytes(text))
  return signed + '.' + url(await crypto.subtle.sign('Ed25519', privateKey, bytes(signed)))
}`

describe.skipIf(chromium === undefined)('a key in the browser', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tierline-browser-key-'))
  const file = (name: string): string => join(folder, name)
  let seat: Seat
  let agent: TestAgent
  let here: string[]
  beforeAll(async () => {
    seat = await takeSeat(chromium ?? '')
    const { dataDir } = seat.collector
    agent = await startTestAgent({ token: await seat.collector.token({ role: 'server' }), detectors: [] })
    for (const name of ['one', 'two']) writeFileSync(file(name), `the passphrase of ${name}\n`)
    for (const name of ['one', 'two']) chmodSync(file(name), 0o600)
    here = ['--data', dataDir, '--database', await databaseSetting(dataDir)]
    const made = await tierline('init', ...here, '--keys', folder, '--passphrase-file', file('one'), '--passphrase-file-2', file('two'))
    expect(made.code, made.err).toBe(0)
  }, 60_000)
  afterAll(async () => {
    await agent?.stop('stop')
    await seat?.[Symbol.asyncDispose]()
    if (agent) rmSync(agent.dataDir, { recursive: true, force: true })
    rmSync(folder, { recursive: true, force: true })
  })

  const byAuthority = () => ['--with', file('authority-1.key'), '--passphrase-file', file('one')]
  const certify = (kid: string, ...more: string[]) => tierline('operator', 'certify', '--request', kid, ...here, ...byAuthority(), ...more)
  const ask = (verb: string, args: object) =>
    seat.api.post<{ id: string }>(`/api/endpoints/${agent.endpointId}/commands`, { verb, args, reason: 'to try' })
  const commands = () => seat.collector.store.db.selectFrom('commands').selectAll()
  const command = (id: string) => commands().where('id', '=', id).executeTakeFirstOrThrow()
  const unsigned = async (id: string): Promise<string> => {
    await expect.poll(async () => (await command(id)).status, within).toBe('unsigned')
    return (await command(id)).payload ?? ''
  }
  const signAnything = (payload: string): Promise<string> => seat.page.evaluate(`(${alteredPage})(${JSON.stringify(payload)})`)

  let kid: string
  it('is made there, handed in, and certified for what is of medium risk at most by whoever was told its fingerprint', async () => {
    const { page } = seat
    await expect.poll(() => agent.isConnected(), within).toBe(true)
    await expect.poll(() => seat.collector.identity.register()?.operators, within).toEqual([])
    await page.goto('/key')
    await page.getByRole('button', { name: 'Make a key and hand it in' }).click()
    await page.getByText('It signs once somebody with an authority key certifies it').waitFor()
    kid = (await page.getByRole('region', { name: 'The key in this browser' }).locator('code.breakable').textContent()) ?? ''
    const { out } = await tierline('operator', 'requests', ...here)
    expect(out).toContain(kid)
    expect((await certify('x'.repeat(43))).err).toContain('No key with this fingerprint')
    expect((await certify(kid, '--verbs', 'run-script')).err).toContain('can’t sign run-script')
    const certified = await certify(kid, '--days', '7')
    expect(certified.out).toMatch(/, in a browser: .*quarantine-file/)
    expect(certified.out).not.toMatch(/run-script|restore-file|: \*/)
    await page.getByText(/Certified until/).waitFor({ timeout: seconds(20) })
  })

  it('signs by one press what is shown in full, and a real agent runs it', async () => {
    const { page } = seat
    const path = file('strange.bin')
    writeFileSync(path, 'strange')
    const { id } = await ask('quarantine-file', { path })
    await unsigned(id)
    const shown = page.getByRole('article', { name: `quarantine-file ${id}` })
    for (const text of [path, `${agent.endpointId} (the collector calls it pc-1)`, 'to try', 'risk: medium'])
      await shown
        .getByText(text)
        .first()
        .waitFor({ timeout: seconds(10) })
    await seat.keepPictures('browser-key')
    await shown.getByRole('button', { name: 'Sign this' }).click()
    await expect.poll(async () => (await command(id)).status, within).toBe('succeeded')
    expect(existsSync(path)).toBe(false)
  })

  it('signs nothing of high risk: not by the page, not at the collector, and by no altered certificate at the agent', async () => {
    const { page, api } = seat
    const { id } = await ask('restore-file', { quarantineId: randomUUID() })
    const payload = await unsigned(id)
    const shown = page.getByRole('article', { name: `restore-file ${id}` })
    await shown.getByText('This is of high risk').waitFor({ timeout: seconds(10) })
    expect(await shown.getByRole('button').count()).toBe(0)
    const jws = await signAnything(payload)
    await expect(api.post(`/api/commands/${id}/signatures`, { jws })).rejects.toThrow('409')

    const { identity, store, wire } = seat.collector
    const authority = await openKeyFile(file('authority-1.key'), '--with', file('one'))
    const [own] = await putRegister(identity, authority, (all) => all.map((each) => ({ ...each, verbs: ['*'] })))
    expect(own).toMatchObject({ kid, isBrowser: true })
    // Whoever runs the collector skips its own checks.
    const altered = { status: 'queued', jws, signatures: JSON.stringify([{ operator: own?.name, kid, at: 1, jws }]) } as const
    await store.db.updateTable('commands').set(altered).where('id', '=', id).execute()
    wire.disconnect(agent.endpointId, CloseCode.GoingAway, 'to begin anew')
    await expect.poll(async () => (await command(id)).result, within).toContain('needs a key file')
  })

  it('ends with its owner, who leaves', async () => {
    const { login } = seat.collector.firstSignIn
    const second = {
      name: 'Second',
      login: 'second',
      password: 'correct horse battery staple',
      teams: [],
      isAdmin: true,
      organisationId: null,
    }
    await seat.collector.people.createPerson(second)
    const { id } = await ask('quarantine-file', { path: file('other.bin') })
    const jws = await signAnything(await unsigned(id))
    const left = await tierline('admin', 'leave', login, ...here, ...byAuthority())
    expect(left.out).toContain('is no operator any more')
    await expect.poll(() => seat.collector.identity.register()?.operators, within).toEqual([])
    await expect(seat.api.post(`/api/commands/${id}/signatures`, { jws })).rejects.toThrow('401')
    expect((await command(id)).status).toBe('dropped')
  })
})
