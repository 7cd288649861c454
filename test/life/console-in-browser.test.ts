import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Role } from '#shared/domain/endpoint.ts'
import { startTestAgent, toldDetector } from '../support/agent.ts'
import { type ApiClient, signIn } from '../support/api.ts'
import { builtConsole, complaintsOf, findChromium, openBrowser } from '../support/browser.ts'
import { startTestCollector, type TestCollector } from '../support/collector.ts'
import { startLivelyDesk } from '../support/lively-desk.ts'

/*
 * The console in a real browser, served by a real collector, with a real agent that says what it is told to. What comes
 * from the machine here is hostile on purpose: it must be shown, and never run.
 */

const chromium = findChromium()
const hostile = `<img src=x onerror="document.title='run'">`
const hostileLine = `sshd[812]: Invalid user <script>document.title='run'</script> from 203.0.113.9`

describe.skipIf(chromium === undefined)('the console in a browser', () => {
  const stack = new AsyncDisposableStack()
  let browser: Browser
  let seat: BrowserContext
  let page: Page
  let complaints: string[]
  let api: ApiClient
  let collector: TestCollector

  beforeAll(async () => {
    collector = stack.use(await startTestCollector({ consoleDist: await builtConsole() }))
    browser = await openBrowser(chromium ?? '')
    stack.defer(() => browser.close())
    api = await signIn(collector.consoleUrl, collector.firstSignIn.login, collector.firstSignIn.password)
    seat = await browser.newContext({ baseURL: collector.consoleUrl, viewport: { width: 1280, height: 800 }, locale: 'en-GB' })
    page = await seat.newPage()
    complaints = complaintsOf(page)
  })
  afterAll(() => stack.disposeAsync())

  /** A machine with a real agent, and what makes it say something. */
  async function machine(hostname: string, role?: Role) {
    const token = await collector.token(role && { role })
    const told = toldDetector()
    const agent = await startTestAgent({ token, hostname, detectors: [told.detector] })
    stack.defer(() => agent.stop('stop'))
    return { ...agent, say: told.say }
  }

  it('lets in whoever has the password', async () => {
    await page.goto('/tickets')
    await page.getByLabel('Login').fill(collector.firstSignIn.login)
    await page.getByLabel('Password', { exact: true }).fill('not this one')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('alert').waitFor()
    await signInAt(page, collector.firstSignIn)
  })

  it('says on an empty board what to do next', async () => {
    await page.getByText('No machine is watched yet').waitFor()
    await page.getByRole('link', { name: 'Add a machine' }).click()
    await page.getByRole('button', { name: 'Add a machine' }).click()
    await page.getByRole('button', { name: 'Make the line' }).click()
    await expect.poll(() => page.locator('[data-line]').textContent()).toContain('npm run -s agent -- enrol')
    await page.getByRole('button', { name: 'Done' }).click()
    await page.getByRole('link', { name: 'Board', exact: true }).click()
  })

  it('shows a ticket as soon as a machine opens it, and everything hostile in it as text', async () => {
    const { say, endpointId } = await machine(hostile)
    await page.getByText('No open tickets').waitFor()
    await say({
      kind: 'security.logon.success-after-failures',
      severity: 'high',
      about: '203.0.113.9',
      summary: `Somebody got in as ${hostile} after 31 failures`,
      facts: { users: ['root', hostile], failures: 31 },
      evidence: [{ name: hostile, text: hostileLine }],
    })
    const card = page.locator('[data-tier="security"] [data-ticket]')
    await card.waitFor({ timeout: 5_000 })
    await expect.poll(() => card.textContent()).toContain(hostile)
    await expect.poll(() => page.title()).toBe('(1 P1) Tierline')

    await card.click()
    await page.getByRole('heading', { level: 1 }).waitFor()
    await page.getByText(hostileLine).waitFor()
    await page.goto(`/endpoints/${endpointId}`)
    await page.getByRole('heading', { level: 1, name: hostile }).waitFor()
    await page.getByRole('figure', { name: 'Processor' }).locator('canvas').waitFor()
    expect(await page.locator('[data-policy]').textContent()).toBe('No policy is in force: its agent goes by what ships.')
    expect(await page.locator('img[src="x"]').count()).toBe(0)
    expect(await page.title()).toBe('(1 P1) Tierline')
    expect(complaints).toEqual([])
  })

  it('takes a ticket from new to resolved', async () => {
    await page.goto('/')
    await page.locator('[data-tier="security"] [data-ticket]').click()
    await page.getByRole('button', { name: 'Acknowledge' }).click()
    await page.locator('[data-kind="acknowledged"]').waitFor()
    await page.getByLabel('Comment').fill(`It was the auditor.\n${hostile}`)
    await page.getByRole('button', { name: 'Comment' }).click()
    await page.locator('[data-kind="commented"]', { hasText: 'It was the auditor.' }).waitFor()
    await page.getByRole('button', { name: 'Resolve' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('False alarm').check()
    await dialog.getByLabel('Note').fill('Announced for today.')
    await dialog.getByRole('button', { name: 'Resolve it' }).click()
    await page.locator('[data-kind="resolved"]').waitFor()
    await page.getByRole('link', { name: 'Board', exact: true }).click()
    await page.getByText('No open tickets').waitFor()
    expect(await page.title()).toBe('Tierline')
    expect(complaints).toEqual([])
  })

  it('moves a ticket on with what was tried, waits, calls security, and opens it again', async () => {
    const { id } = await api.post<{ id: string }>('/api/tickets', {
      ...{ organisationId: collector.organisationId, title: 'The scanner hums' },
      requester: { name: `Eva ${hostile}`, mail: 'eva@customer.example' },
    })
    await page.goto(`/tickets/${id}`)
    await page.getByText(`Eva ${hostile} asked (eva@customer.example)`).waitFor()
    await page.getByRole('button', { name: 'Acknowledge' }).click()
    await page.getByRole('button', { name: 'Wait for customer' }).click()
    await page.locator('[data-kind="waiting"]').waitFor()
    await page.getByRole('button', { name: 'Go on' }).click()
    await page.locator('[data-kind="resumed"]').waitFor()
    await page.getByLabel('Comment').fill('They hum themselves.')
    await page.getByLabel('Internal: nobody of the customer sees it').check()
    await page.getByRole('button', { name: 'Comment' }).click()
    await page.locator('[data-kind="commented"]', { hasText: 'internal' }).waitFor()
    await page.getByRole('button', { name: 'Escalate' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('What was tried').fill('Another cable')
    await dialog.getByRole('button', { name: 'Escalate' }).click()
    await page.locator('[data-kind="escalated"]', { hasText: 'Tried: Another cable' }).waitFor()
    await page.getByRole('button', { name: 'Security!' }).click()
    await page.locator('[data-kind="escalated"]', { hasText: 'it may be an attack' }).waitFor()
    await page.getByRole('button', { name: 'Resolve' }).click()
    await dialog.getByRole('button', { name: 'Resolve it' }).click()
    await page.locator('[data-kind="resolved"]').waitFor()
    await page.getByRole('button', { name: 'Open again' }).click()
    await page.locator('[data-kind="reopened"]').waitFor()
    await page.getByRole('button', { name: 'Resolve' }).click()
    await dialog.getByRole('button', { name: 'Resolve it' }).click()
    await expect.poll(() => page.locator('[data-kind="resolved"]').count()).toBe(2)
    expect(complaints).toEqual([])
  })

  it('lets an organisation observe, and go live after it showed what would have happened', async () => {
    await page.goto('/administration')
    const row = page.getByRole('row', { name: /My organisation/ }).first()
    const dialog = page.getByRole('dialog')
    await row.getByRole('button', { name: 'Observe' }).click()
    await dialog.getByRole('button', { name: 'Observe' }).click()
    await row.getByRole('cell', { name: 'observes' }).waitFor()
    await row.getByRole('button', { name: 'Go live' }).click()
    await dialog.getByText('none would have called or isolated').waitFor()
    await dialog.getByRole('button', { name: 'Go live' }).click()
    await row.getByRole('cell', { name: 'live', exact: true }).waitFor()
    expect(complaints).toEqual([])
  })

  it('tells whoever was slower that the ticket has changed, and reads it again', async () => {
    const printer = { organisationId: collector.organisationId, title: 'The printer sings' }
    const { id, version } = await api.post<{ id: string; version: number }>('/api/tickets', printer)
    const slow = await seat.newPage()
    // Without a live line it does not hear what happens meanwhile.
    await slow.route('**/api/live*', (route) => route.abort())
    await slow.goto(`/tickets/${id}`)
    await slow.getByRole('button', { name: 'Acknowledge' }).waitFor()
    await slow.getByText('Not live').waitFor()
    await api.post(`/api/tickets/${id}/comments`, { version, text: 'It sings in tune.' })
    await slow.getByRole('button', { name: 'Acknowledge' }).click()
    await slow.getByText('The ticket has changed meanwhile').waitFor()
    await slow.getByText('It sings in tune.').waitFor()
    await slow.close()
  })

  it('makes a key for something that has no agent, and shows the ticket that it opens', async () => {
    await page.goto('/administration')
    await page.getByRole('button', { name: 'Make a source' }).click()
    await page.getByLabel('What is it?').fill('The firewall')
    await page.getByRole('button', { name: 'Make it' }).click()
    const key = await page.locator('[data-copyable="the key"]').textContent()
    await page.getByRole('button', { name: 'Done' }).click()
    await page.getByRole('cell', { name: 'The firewall' }).waitFor()
    const signal = { kind: 'security.firewall.blocked', severity: 'high', fingerprint: 'scan', summary: 'A port scan was blocked' }
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
    const { status } = await fetch(`${collector.consoleUrl}/api/signals`, { method: 'POST', headers, body: JSON.stringify(signal) })
    expect(status).toBe(202)
    await page.getByRole('link', { name: 'Board', exact: true }).click()
    await page.locator('[data-tier="security"] [data-title]', { hasText: 'A port scan was blocked' }).waitFor({ timeout: 5_000 })
    await page.getByRole('button', { name: /^Signed in as/ }).click()
    await page.getByRole('menuitem', { name: 'Audit' }).click()
    await page
      .getByRole('row', { name: /source\.create/ })
      .getByRole('cell', { name: 'The firewall', exact: true })
      .waitFor()
    expect(complaints).toEqual([])
  })

  it('opens a ticket for somebody on the telephone, and shows it', async () => {
    await page.goto('/')
    await page.getByRole('button', { name: 'New ticket' }).click()
    await page.getByLabel('What is wrong').fill('Nobody can print')
    await page.getByLabel('What they say').fill('Since this morning.')
    await page.getByLabel('No', { exact: true }).check()
    await page.getByRole('button', { name: 'Open it' }).click()
    await page.getByRole('heading', { level: 1, name: 'Nobody can print' }).waitFor()
    await page.getByText('Since this morning.').waitFor()
    await page.getByText('Impact low, urgency high.').waitFor()
    expect(complaints).toEqual([])
  })

  it('changes a password, and says which field was wrong', async () => {
    await page.getByRole('button', { name: /^Signed in as/ }).click()
    await page.getByRole('menuitem', { name: 'Change password' }).click()
    const next = 'a longer one than before'
    const fill = async (current: string): Promise<void> => {
      await page.getByLabel('Password now').fill(current)
      await page.getByLabel('New password', { exact: true }).fill(next)
      await page.getByLabel('New password once more').fill(next)
      await page.getByRole('button', { name: 'Change it' }).click()
    }
    await fill('not this one')
    await page.getByText('current: is not your password').waitFor()
    await fill(collector.firstSignIn.password)
    await page.getByText('Your password is changed.').waitFor()
    await signIn(collector.consoleUrl, collector.firstSignIn.login, next)
  })

  it('puts each ticket into the queue of its tier, and draws the picture of the README', async () => {
    await using desk = await startLivelyDesk(await builtConsole())
    await using picture = await browser.newContext({
      baseURL: desk.consoleUrl,
      viewport: { width: 1280, height: 800 },
      locale: 'en-GB',
    })
    const board = await picture.newPage()
    await signInAt(board, desk)
    await board.locator('[data-ticket]').first().waitFor()
    expect(await queuesOf(board)).toEqual({
      tier1: ['P3 Disk / is 98 % full, 2.3 GiB left', 'P3 Disk /var is 92 % full, 8.1 GiB left', 'P4 cups.service has failed: no printing'],
      tier2: [
        'P2 postgresql.service has failed',
        'P3 Less than 5 % of memory free for 15 minutes',
        'P3 Log-on service open to the internet: 41 failures in 10 minutes',
      ],
      tier3: ['P1 slapd.service is down: nobody can log on'],
      security: ['P1 The decoy 00-accounts.docx was edited; it can still be read', 'P2 “I clicked on something in a mail from the bank”'],
      field: [],
      vcio: [],
    })
    expect(await board.getByText('Isolate it?').count()).toBe(2)
    await board.getByText('Live', { exact: true }).waitFor()
    await keepPicture(await board.screenshot({ animations: 'disabled' }))
  })
})

async function signInAt(page: Page, { login, password }: { login: string; password: string }): Promise<void> {
  await page.goto('/')
  await page.getByLabel('Login').fill(login)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('heading', { name: 'Board' }).waitFor()
}

/** Priority and title of each queue's cards, from top to bottom. */
async function queuesOf(page: Page): Promise<Record<string, string[]>> {
  const queues = await page.locator('[data-tier]').evaluateAll((sections) =>
    sections.map((section) => {
      const cards = [...section.querySelectorAll('[data-ticket]')]
      const said = cards.map((card) => `${card.getAttribute('data-priority')} ${card.querySelector('[data-title]')?.textContent}`)
      return [section.getAttribute('data-tier') ?? '', said] as const
    }),
  )
  return Object.fromEntries(queues)
}

/** Only when asked for: every run would draw it anew, with other ages and numbers. */
async function keepPicture(picture: Buffer): Promise<void> {
  if (process.env.TIERLINE_PICTURE !== '1') return
  const docs = join(import.meta.dirname, '../../docs')
  await mkdir(docs, { recursive: true })
  await writeFile(join(docs, 'console.png'), picture)
}
