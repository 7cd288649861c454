import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findChromium } from '../support/browser.ts'
import { hostile, type Seat, takeSeat } from '../support/seat.ts'

/* A standing order, asked for from its draft and withdrawn by hand in a real browser. The host name is hostile. */
const chromium = findChromium()

describe.skipIf(chromium === undefined)('standing orders', () => {
  let seat: Seat
  beforeAll(async () => {
    seat = await takeSeat(chromium ?? '')
    const { organisationId, store } = seat.collector
    const about = { organisation_id: organisationId, site_id: null, platform: 'linux', confirmed_role: 'server', enrolled_at: 1 } as const
    await store.db
      .insertInto('endpoints')
      .values({ ...about, id: 'endpoint-1', hostname: hostile, removed_at: null })
      .execute()
    await store.db
      .insertInto('inventories')
      .values({ endpoint_id: 'endpoint-1', at: 1, role: 'server', agent_version: '1', body: '{}' })
      .execute()
  })
  afterAll(() => seat?.[Symbol.asyncDispose]())

  it('are asked for from a draft, shown with what they do and where, and withdrawn', async () => {
    const { page, complaints } = seat
    await page.goto('/standing')
    await page.getByText('Machines do nothing by themselves yet.').waitFor()
    await page.getByText('trust: collector. Machines do whatever this collector signs').waitFor()
    await page.getByRole('article', { name: 'Restart a failed listed service once' }).getByRole('button', { name: 'Ask for it' }).click()
    const asking = page.getByRole('dialog')
    await asking.getByLabel('Days until it ends').fill('30')
    await asking.getByLabel('Why').fill('it falls over at night')
    await asking.getByRole('button', { name: 'Ask for it' }).click()
    await asking.waitFor({ state: 'detached' })

    const card = page.getByRole('region', { name: 'Restart a failed listed service once' })
    await card.getByText('in force').waitFor()
    await card.getByText('100 times on each machine').waitFor()
    await card.getByText('unit: what the signal calls unit').waitFor()
    await card.getByText(': it falls over at night').waitFor()
    await card.getByRole('row', { name: hostile }).getByText('queued').waitFor({ timeout: 15_000 })
    await seat.keepPictures('standing')

    await card.getByRole('button', { name: 'Withdraw' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Why').fill('mended for good')
    await dialog.getByRole('button', { name: 'Withdraw' }).click()
    await card.getByText('withdrawn', { exact: true }).waitFor()
    expect([complaints, await seat.hasRun()]).toEqual([[], false])
  })

  it('that open a window do so on the days and at the hours that are asked for', async () => {
    const { page, complaints } = seat
    await page.goto('/standing')
    await page.getByRole('article', { name: 'Updates in the window' }).getByRole('button', { name: 'Ask for it' }).click()
    const dialog = page.getByRole('dialog')
    const day = (name: string) => dialog.getByRole('checkbox', { name })
    expect(await day('Wed').isChecked()).toBe(true)
    await day('Wed').uncheck()
    for (const name of ['Sat', 'Sun']) await day(name).check()
    await dialog.locator('[name=from]').fill('22:00')
    await dialog.locator('[name=to]').fill('01:30')
    await dialog.getByLabel('Why').fill('nobody works then')
    await dialog.getByRole('button', { name: 'Ask for it' }).click()
    await dialog.waitFor({ state: 'detached' })
    const card = page.getByRole('region', { name: 'Updates in the window' })
    await card.getByText(/^Sat, Sun from 22:00 to 01:30, /).waitFor()
    expect(complaints).toEqual([])
  })
})
