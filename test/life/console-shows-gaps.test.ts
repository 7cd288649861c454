import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { days, minutes } from '#shared/domain/time.ts'
import { builtConsole, complaintsOf, findChromium, openBrowser } from '../support/browser.ts'
import { startTestCollector, type TestCollector } from '../support/collector.ts'
import { type Credentials, connectRaw, enrolRaw, type RawAgent, rawSignal, signalRecord } from '../support/raw-agent.ts'

/*
 * A machine comes back after three weeks: with old news, with gaps in every lane, and with a record that nobody can read.
 * All of it is seen in the console, and so is a machine that has not come back.
 */
const chromium = findChromium()
const hostile = '<img src=x onerror=alert(1)>'

describe.skipIf(chromium === undefined)('the console', () => {
  const stack = new AsyncDisposableStack()
  let collector: TestCollector
  let browser: Browser
  let page: Page
  let complaints: string[]
  let who: Credentials
  let agent: RawAgent

  beforeAll(async () => {
    collector = stack.use(await startTestCollector({ consoleDist: await builtConsole() }))
    browser = await openBrowser(chromium ?? '')
    stack.defer(() => browser.close())
    const context = await browser.newContext({ baseURL: collector.consoleUrl, viewport: { width: 1280, height: 1000 }, locale: 'en-GB' })
    page = await context.newPage()
    complaints = complaintsOf(page)
    who = await enrolRaw(await collector.token({ role: 'server', ttlMs: minutes(5) }), 'back-again')
    agent = await connectRaw(who)
    stack.defer(() => agent.leave())
    await signIn()
  })
  afterAll(() => stack.disposeAsync())

  async function signIn(): Promise<void> {
    await page.goto('/')
    await page.getByLabel('Login').fill(collector.firstSignIn.login)
    await page.getByLabel('Password', { exact: true }).fill(collector.firstSignIn.password)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('heading', { name: 'Board' }).waitFor()
  }

  it('says of old news how old it is: on the board, on the ticket and on its timeline', async () => {
    const summary = 'A command was forged'
    const forged = { kind: 'security.command.forged', severity: 'critical', summary } as const
    const sensedAt = Date.now() - days(19) - minutes(1)
    agent.records('security', 1, signalRecord(rawSignal({ ...forged, sensedAt })))
    const card = page.locator('[data-tier="security"] [data-title]', { hasText: `${summary} (happened 19 days ago)` })
    await card.waitFor({ timeout: 10_000 })
    await card.click()
    await page.getByRole('heading', { level: 1, name: `${summary} (happened 19 days ago)` }).waitFor()
    await page.locator('[data-happened]').waitFor()
    await page.locator('[data-kind="opened"]', { hasText: `Opened: ${summary} (happened 19 days before)` }).waitFor()
    await keepPicture('late-ticket')
    await page.goto('/tickets')
    await page
      .getByRole('cell', { name: /happened/ })
      .first()
      .waitFor()
    expect(complaints).toEqual([])
  })

  it('shows every gap of a machine, with what is missing, why and since when, and what was refused as it came', async () => {
    const why = 'the disk was full'
    agent.say({ kind: 'skipped', epoch: 'epoch-one', lane: 'samples', from: 1, to: 1_204, why })
    agent.say({ kind: 'skipped', epoch: 'epoch-one', lane: 'signals', from: 1, to: 3, why: `${why} ${hostile}` })
    agent.records('signals', 4, { v: 1, type: 'signal', signal: { about: hostile } })
    agent.say({ kind: 'skipped', epoch: 'epoch-one', lane: 'security', from: 2, to: 2, why })
    await expect.poll(() => agent.kinds().filter((kind) => kind === 'refused')).toHaveLength(1)
    await agent.acknowledgedTo('security', 2)

    await page.goto(`/endpoints/${who.endpointId}`)
    const card = page.getByRole('region', { name: 'Gaps' })
    await card.waitFor()
    expect(await card.locator('[data-missing]').allTextContents()).toEqual([
      'Security signals and results: 1 record was lost.',
      'Other signals: 3 records were lost, 1 was refused.',
      'Samples: 1,204 records were lost.',
    ])
    const row = await card.locator('[data-gap="samples"]').textContent()
    for (const part of ['1,204', '1 – 1204', why]) expect(row).toContain(part)
    await card.locator('[data-refused="signals"] button').click()
    await card.locator('[data-refused="signals"] pre', { hasText: hostile }).waitFor()
    await card.scrollIntoViewIfNeeded()
    await keepPicture('gaps')
    expect(await page.locator('img[src="x"]').count()).toBe(0)
    expect(complaints).toEqual([])
  })

  it('tells machines that nobody has heard of for 30 days from those that are away', async () => {
    const gone = await enrolRaw(await collector.token({ role: 'workstation', ttlMs: minutes(5) }), 'never-again')
    await (await connectRaw(gone)).leave()
    const row = () =>
      collector.store.db
        .updateTable('presences')
        .set({ last_heard_at: Date.now() - days(41) })
        .where('endpoint_id', '=', gone.endpointId)
        .where('is_connected', '=', 0)
    await expect.poll(async () => (await row().executeTakeFirst()).numUpdatedRows).toBe(1n)
    await page.goto('/endpoints')
    await page.getByText('2 watched, 1 connected, 1 missing').waitFor()
    await page.locator('[data-presence="missing"]', { hasText: 'Missing 41 d' }).waitFor()
    await page.getByLabel('Filter the endpoints').fill('missing')
    expect(await page.locator('[data-presence]').allTextContents()).toEqual(['Missing 41 d'])
    await keepPicture('missing')
    expect(complaints).toEqual([])
  })

  /** For whoever wants to look. */
  async function keepPicture(name: string): Promise<void> {
    const folder = process.env.TIERLINE_PICTURES
    if (folder === undefined) return
    await mkdir(folder, { recursive: true })
    await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true, animations: 'disabled' })
  }
})
