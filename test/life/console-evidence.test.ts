import { randomUUID } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { hours } from '#shared/domain/time.ts'
import { findChromium } from '../support/browser.ts'
import { hostile, type Seat, takeSeat } from '../support/seat.ts'

/* What a machine's page says of its backup and of what was collected there, and whom its people call, in a real browser. */
const chromium = findChromium()

describe.skipIf(chromium === undefined)('the evidence in the console', () => {
  const at = Date.now()
  const [older, newer, newest] = ['a', 'b', 'c'].map((letter) => letter.repeat(64))
  let seat: Seat
  beforeAll(async () => {
    seat = await takeSeat(chromium ?? '')
    const { organisationId, store } = seat.collector
    const about = { organisation_id: organisationId, site_id: null, platform: 'linux' as const, confirmed_role: 'server' as const }
    await store.db
      .insertInto('endpoints')
      .values({ ...about, id: 'endpoint-1', hostname: 'files-1', enrolled_at: 1, removed_at: null })
      .execute()
  })
  afterAll(() => seat?.[Symbol.asyncDispose]())
  beforeEach(() => expect(seat.complaints).toEqual([]))

  const succeeded = async (verb: string, output: object, args: object = {}): Promise<string> => {
    const id = randomUUID()
    const asked = {
      id,
      organisation_id: seat.collector.organisationId,
      endpoint_id: 'endpoint-1',
      ticket_id: null,
      verb,
      risk: 'low' as const,
    }
    const times = { requested_at: at, expires_at: at + 1, sent_at: at, delivered_at: at, settled_at: at }
    const result = JSON.stringify({ outcome: 'succeeded', detail: 'done', output })
    await seat.collector.store.db
      .insertInto('commands')
      .values({
        ...asked,
        ...times,
        args: JSON.stringify(args),
        status: 'succeeded',
        requested_by: 'system',
        reason: 'to see',
        jws: null,
        result,
      })
      .execute()
    return id
  }
  const card = (name: string) => seat.page.getByRole('region', { name })

  it('lists snapshots, proposes the last verified one from before the first evidence, and asks for it', async () => {
    const { page, collector, api } = seat
    const ticket = {
      organisationId: collector.organisationId,
      kind: 'request.other',
      title: 'Encrypted',
      note: '',
      endpointId: 'endpoint-1',
    }
    const { id } = await api.post<{ id: string }>('/api/tickets', ticket)
    const seen = { kind: 'security.ransomware.canary', opened_at: at - hours(2) }
    await collector.store.db.updateTable('tickets').set(seen).where('id', '=', id).execute()
    const snapshots = [
      { id: newest, at: at - hours(1), paths: [`/srv/${hostile}`], verifiedAt: at },
      { id: newer, at: at - hours(3), paths: ['/srv'], verifiedAt: null },
      { id: older, at: at - hours(4), paths: ['/srv'], verifiedAt: at },
    ]
    await succeeded('backup-list', { snapshots, isCut: false })
    await succeeded('restore-from-backup', {
      ...{
        snapshot: older,
        snapshotAt: at - hours(4),
        restored: 4,
        unchanged: 7,
        keptAs: '.before-restore-1',
        left: [`/srv/${hostile}: busy`],
      },
    })
    await page.goto('/endpoints/endpoint-1')
    const backup = card('Backup')
    await backup.locator(`[data-snapshot="${older}"]`).getByText('proposed').waitFor()
    expect(await backup.getByText('proposed').count()).toBe(1)
    expect(await backup.locator(`[data-snapshot="${newer}"]`).textContent()).toContain('not verified')
    await backup.getByText('4 files put back').waitFor()
    await backup.getByText(': busy').waitFor()
    await backup.getByRole('button', { name: 'Restore' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText('Proposed: the verified snapshot of').waitFor()
    await dialog.getByLabel('Folders or files').fill('/srv/files\n/srv/more')
    await dialog.getByLabel('Why').fill('it was encrypted')
    await seat.keepPictures('restore')
    await dialog.getByRole('button', { name: 'Restore' }).click()
    await dialog.waitFor({ state: 'detached' })
    const commands = collector.store.db.selectFrom('commands').select(['args', 'reason']).where('reason', '=', 'it was encrypted')
    const [asked] = await commands.execute()
    const { paths, before } = JSON.parse(asked?.args ?? '{}')
    expect(paths).toEqual(['/srv/files', '/srv/more'])
    expect(Math.abs(before - (at - hours(2)))).toBeLessThanOrEqual(1_000)
  })

  it('shows what was collected with its hashes, and hands the archive over', async () => {
    const { page, collector } = seat
    const sha256 = 'd'.repeat(64)
    const id = await succeeded('collect-diagnostics', {
      sections: [{ name: `ps ${hostile}`, text: '', isCut: true, sha256: 'e'.repeat(64) }],
    })
    const row = { id, organisation_id: collector.organisationId, endpoint_id: 'endpoint-1', bytes: 4, sha256 }
    await collector.store.db
      .insertInto('archives')
      .values({ ...row, begun_at: at, completed_at: at })
      .execute()
    const file = join(collector.dataDir, 'archives', `${id}.tar.gz`)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, 'gzip')
    await page.reload()
    const shown = page.getByRole('article', { name: `Diagnostics ${id}` })
    await shown.getByText(sha256).waitFor()
    await shown.getByText('Sections, each with its hash (1)').click()
    await shown.getByText('e'.repeat(64)).waitFor()
    await seat.keepPictures('diagnostics')
    const [download] = await Promise.all([page.waitForEvent('download'), shown.getByRole('link', { name: 'Download' }).click()])
    expect(download.suggestedFilename()).toBe(`${id}.tar.gz`)
  })

  it('says whom people at an isolated machine call', async () => {
    const { page, api } = seat
    await page.goto('/administration')
    const organisations = card('Organisations')
    await organisations.getByRole('button', { name: 'Say whom' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Who, and their number').fill(`Service desk 030 1234567\n${hostile}`)
    await dialog.getByRole('button', { name: 'Keep' }).click()
    await dialog.waitFor({ state: 'detached' })
    await organisations.getByText('Service desk 030 1234567').waitFor()
    await seat.keepPictures('call-whom')
    const known = await api.get<{ organisations: { callWhom: string[] }[] }>('/api/organisations')
    expect(known.organisations.map(({ callWhom }) => callWhom)).toEqual([['Service desk 030 1234567', hostile]])
    expect(await seat.hasRun()).toBe(false)
  })

  it('says for how long what is over is kept, in the collector’s own sentence where that makes no sense', async () => {
    const { page, api } = seat
    await page.goto('/administration')
    const organisations = card('Organisations')
    await organisations.getByRole('button', { name: '400 days' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Days').fill('29')
    await dialog.getByRole('button', { name: 'Keep' }).click()
    await dialog.getByRole('alert').getByText('from 30 to 3650').waitFor()
    // The browser's own word about a 400, and nothing else.
    expect(seat.complaints.splice(0)).toEqual([expect.stringContaining('400')])
    await dialog.getByLabel('Days').fill('90')
    await seat.keepPictures('kept-days')
    await dialog.getByRole('button', { name: 'Keep' }).click()
    await organisations.getByRole('button', { name: '90 days' }).waitFor()
    expect(await api.get('/api/organisations')).toMatchObject({ organisations: [{ keptDays: 90 }] })
  })

  it('shows the audit’s head, and proves the audit by one that was kept elsewhere only', async () => {
    const { page, api } = seat
    const { head } = await api.get<{ head: string }>('/api/audit/head')
    await page.goto('/audit')
    const shown = card('Head')
    await shown.getByText('None has left this machine yet').waitFor()
    await shown.getByRole('button', { name: 'Verify' }).click()
    await shown.getByText('consistent in itself. That nobody').waitFor()
    await shown.getByLabel('Heads that you kept elsewhere').fill(`${head} 2026-11-23T00:00:00.000Z`)
    await shown.getByRole('button', { name: 'Verify' }).click()
    await shown.getByText(`Proven up to line ${head.split(':')[0]}`).waitFor()
    await seat.keepPictures('audit-head')
    await shown.getByLabel('Heads that you kept elsewhere').fill(`${head.split(':')[0]}:${'f'.repeat(64)}`)
    await shown.getByRole('button', { name: 'Verify' }).click()
    await shown.getByText('The audit is not what it was').waitFor()
  })
})
