import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findChromium } from '../support/browser.ts'
import { hostile, type Seat, takeSeat } from '../support/seat.ts'

/* One order for many machines, chosen, asked, stopped, let go on and ended by hand in a real browser. A host name here is hostile. */
const chromium = findChromium()
const names = ['pc-1', hostile, 'pc-3']

describe.skipIf(chromium === undefined)('orders for many machines', () => {
  let seat: Seat
  beforeAll(async () => {
    seat = await takeSeat(chromium ?? '')
    const { organisationId, store } = seat.collector
    const about = { organisation_id: organisationId, site_id: null, platform: 'linux' as const, confirmed_role: 'workstation' as const }
    const rows = names.map((hostname, at) => ({ ...about, id: `endpoint-${at}`, hostname, enrolled_at: 1, removed_at: null }))
    await store.db.insertInto('endpoints').values(rows).execute()
  })
  afterAll(() => seat[Symbol.asyncDispose]())

  const act = async (button: string): Promise<void> => {
    const { page } = seat
    await page.getByRole('button', { name: button, exact: true }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Why').fill('to see')
    await dialog.getByRole('button', { name: button, exact: true }).click()
    await dialog.waitFor({ state: 'detached' })
  }

  it('are asked after a look at what would happen, shown by stage, stopped, let go on, and ended', async () => {
    const { page, complaints } = seat
    await page.goto('/endpoints')
    for (const name of names) await page.getByRole('checkbox', { name: `Choose ${name}` }).click()
    await page.getByRole('button', { name: 'Run a command on 3' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Why').fill('whether they answer')
    await dialog.getByRole('button', { name: 'Show what would happen' }).click()
    await dialog.getByText('ping in stages of 1, 1, 1.').waitFor()
    await dialog.getByText(`Away, and asked when they are back: ${hostile}, pc-1, pc-3.`).waitFor()
    await dialog.getByRole('button', { name: 'Ask 3 machines' }).click()

    await page.getByRole('heading', { name: 'ping on 3 machines' }).waitFor()
    await page.getByText('Stage 1, 1 machine: 0 succeeded, 0 failed, 1 under way, 0 taken back').waitFor()
    await page.getByText('Stage 2, 1 machine: to come').waitFor()
    await act('Stop')
    await page.getByText('1 taken back').waitFor()
    await act('Go on')
    await page.getByText('1 under way').waitFor()
    await act('End')
    await page.getByText(': to see').first().waitFor()
    await seat.keepPictures('bulk')
    await page.goto('/bulk')
    await page.getByRole('row', { name: /ping/ }).getByText('ended').waitFor()
    expect([complaints, await seat.hasRun()]).toEqual([[], false])
  })
})
