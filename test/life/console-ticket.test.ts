import type { Locator } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TicketSummary } from '#shared/api/tickets.ts'
import type { Signal } from '#shared/domain/signal.ts'
import { minutes } from '#shared/domain/time.ts'
import type { Lane } from '#shared/protocol/record.ts'
import { findChromium } from '../support/browser.ts'
import { connectRaw, enrolRaw, rawSignal, signalRecord } from '../support/raw-agent.ts'
import { hostile, type Seat, takeSeat } from '../support/seat.ts'

/*
 * On a ticket: what is kept under it, kept and let go in one act, and "this is noise" with what it would have spared. What
 * machines say here is hostile on purpose.
 */
const chromium = findChromium()

describe.skipIf(chromium === undefined)('the page of a ticket', () => {
  const stack = new AsyncDisposableStack()
  let seat: Seat
  beforeAll(async () => {
    seat = stack.use(await takeSeat(chromium ?? ''))
  })
  afterAll(() => stack.disposeAsync())

  const dialog = (): Locator => seat.page.getByRole('dialog')
  async function confirm(button: string): Promise<void> {
    await dialog().getByRole('button', { name: button, exact: true }).click()
    await dialog().waitFor({ state: 'detached' })
  }
  async function say(hostname: string, siteId: string | undefined, lane: Lane, signal: Partial<Signal>): Promise<void> {
    const token = await seat.collector.token({ role: 'server', ttlMs: minutes(5), ...(siteId !== undefined && { siteId }) })
    const agent = await connectRaw(await enrolRaw(token, hostname))
    stack.defer(() => agent.leave())
    agent.records(lane, 1, signalRecord(rawSignal(signal)))
  }
  /** As soon as there is one. */
  async function ticket(is: (ticket: TicketSummary) => boolean): Promise<TicketSummary> {
    const read = async () => (await seat.api.get<{ tickets: TicketSummary[] }>('/api/tickets')).tickets.find(is)
    await expect.poll(read, { timeout: 8_000 }).toBeDefined()
    const found = await read()
    if (!found) throw new Error('it was there a moment ago')
    return found
  }

  it('keeps the tickets under one, and lets each stand alone', async () => {
    const { page, api, collector } = seat
    const path = `/api/organisations/${collector.organisationId}/sites`
    const { sites } = await api.post<{ sites: { id: string }[] }>(path, { name: 'The cellar' })
    const forged = { kind: 'security.command.forged', severity: 'critical', state: 'happened', summary: `Forged ${hostile}` } as const
    for (const name of ['one', 'two', 'three']) await say(name, sites[0]?.id, 'security', { ...forged, fingerprint: `forged:${name}` })
    const { id } = await ticket(({ gathers }) => gathers === 'site')
    await page.goto(`/tickets/${id}`)
    const children = page.getByRole('region', { name: '3 tickets under this one' })
    await children.getByText('3 open · 3 machines').waitFor()
    await children.getByText(`Forged ${hostile}`).first().waitFor()
    await seat.keepPictures('children')
    await children.getByRole('button', { name: 'Keep', exact: true }).click()
    await dialog().getByLabel('Reason').fill('One forger')
    await confirm('Keep')
    await page.locator('[data-kind="children"]').waitFor()
    await children.getByRole('button', { name: 'Let each stand alone' }).click()
    await dialog().getByLabel('Reason').fill('They differ')
    await confirm('Let each stand alone')
    await page.locator('[data-kind="children"]').nth(1).waitFor()
    await expect.poll(async () => (await ticket(({ endpoint }) => endpoint?.hostname === 'one')).gatheredBy).toBeNull()
    expect([await seat.hasRun(), seat.complaints]).toEqual([false, []])
  })

  it('says what “this is noise” would have spared, excepts it, and hears of it again', async () => {
    const { page } = seat
    await say('dusty', undefined, 'signals', { kind: 'custom.fan.loud', severity: 'high', summary: `The fan is loud ${hostile}` })
    const { id, number } = await ticket(({ kind }) => kind === 'custom.fan.loud')
    await page.goto(`/tickets/${id}`)
    await page.getByRole('button', { name: 'Resolve', exact: true }).click()
    await dialog().getByRole('radio', { name: 'Noise' }).check()
    await dialog().getByText('It would have spared 1 ticket').waitFor()
    await dialog().getByText(`#${number} The fan is loud ${hostile}`).waitFor()
    await dialog().getByLabel('Spare us this very trouble on this machine').check()
    await dialog().getByLabel('Note').fill(`It is summer ${hostile}`)
    await seat.keepPictures('noise')
    await confirm('Resolve it')
    await page.locator('[data-kind="resolved"]').waitFor()
    await page.goto('/maintenance')
    const noise = page.getByRole('region', { name: 'Called noise' })
    const row = noise.getByRole('row', { name: 'custom.fan.loud, this very trouble' })
    await row.getByText(`It is summer ${hostile}`).waitFor()
    await row.getByText('dusty of').waitFor()
    await row.getByRole('button', { name: 'End' }).click()
    await confirm('End')
    await noise.getByText('Nothing is called noise.').waitFor()
    expect([await seat.hasRun(), seat.complaints]).toEqual([false, []])
  })
})
