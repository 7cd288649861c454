import type { Locator } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { minutes } from '#shared/domain/time.ts'
import { findChromium } from '../support/browser.ts'
import { hostile, type Seat, takeSeat } from '../support/seat.ts'

/*
 * The pages of who works, what waits, what came by mail, and the stop button, each act done by hand in a real browser. Every
 * name and mail here is hostile on purpose: it must be shown, and never run.
 */
const chromium = findChromium()
/** As a field for date and time takes it, in the browser's time zone. */
const inBerlin = (at: number, timeZone = 'Europe/Berlin'): string =>
  Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timeZone).toPlainDateTime().toString({ smallestUnit: 'minute' })

describe.skipIf(chromium === undefined)('the pages of the desk', () => {
  let seat: Seat
  let own: string
  let zone: string
  let admin: string

  beforeAll(async () => {
    seat = await takeSeat(chromium ?? '')
    const { api, collector } = seat
    const person = { login: 'ann', password: 'the long password of ann', teams: ['tier1'], isAdmin: false }
    await api.post('/api/people', { ...person, name: `Ann ${hostile}` })
    const { organisations } = await api.get<{ organisations: { id: string; name: string; timeZone: string }[] }>('/api/organisations')
    const organisation = organisations.find(({ id }) => id === collector.organisationId)
    own = organisation?.name ?? ''
    zone = organisation?.timeZone ?? ''
    admin = (await api.get<{ person: { name: string } }>('/api/session')).person.name
  })
  afterAll(() => seat[Symbol.asyncDispose]())
  beforeEach(() => expect(seat.complaints).toEqual([]))

  const card = (name: string): Locator => seat.page.getByRole('region', { name })
  const dialog = (): Locator => seat.page.getByRole('dialog')
  async function openDialog(button: string, within: Locator = seat.page.locator('body')): Promise<Locator> {
    await within.getByRole('button', { name: button, exact: true }).click()
    await dialog().waitFor()
    return dialog()
  }
  /** Presses it, and waits until the dialog has gone: what was refused stays. */
  async function confirm(button: string): Promise<void> {
    await dialog().getByRole('button', { name: button, exact: true }).click()
    await dialog().waitFor({ state: 'detached' })
  }
  async function choose(label: string, option: string): Promise<void> {
    await dialog().getByRole('combobox', { name: label, exact: true }).click()
    await seat.page.getByRole('option', { name: option }).click()
  }

  it('plans turns on call, lets somebody stand in, sends them away and brings them back', async () => {
    const { page } = seat
    await page.goto('/teams')
    await card('Now')
      .getByRole('row', { name: /^tier1/ })
      .waitFor()
    await openDialog('Plan turns', card('Turns on call'))
    await choose('Team', 'tier1')
    await choose('In this order', 'Ann')
    await page.keyboard.press('Escape')
    await dialog().getByLabel("The first one's turn begins on").fill('2026-11-02')
    await dialog().getByLabel('Time zone').fill('Europe/Berlin')
    await confirm('Plan it')
    await card('Turns on call').getByRole('row', { name: 'every 7 days at 09:00' }).waitFor()
    const tier1 = card('Now').getByRole('row', { name: /^tier1/ })
    await tier1.getByText('no change is planned').waitFor()

    await openDialog('Let somebody stand in', card('Standing in'))
    await choose('Team', 'tier1')
    await choose('Who stands in', admin)
    await dialog()
      .getByLabel('From')
      .fill(inBerlin(Date.now() - minutes(5)))
    await dialog()
      .getByLabel('Until')
      .fill(inBerlin(Date.now() + minutes(60)))
    await confirm('Plan it')
    await expect.poll(() => tier1.textContent()).toContain(`${admin}, Ann ${hostile}Ann ${hostile},`)
    await seat.keepPictures('teams')
    await card('Standing in').getByRole('button', { name: 'Remove' }).click()
    await confirm('Remove')
    await card('Standing in').getByText('Nobody stands in.').waitFor()

    await openDialog('Say that somebody is away', card('Away'))
    await choose('Who', 'Ann')
    await dialog()
      .getByLabel('From')
      .fill(inBerlin(Date.now() - minutes(1)))
    await dialog()
      .getByLabel('Until')
      .fill(inBerlin(Date.now() + minutes(60)))
    await seat.keepPictures('away-dialog')
    await confirm('They are away')
    await card('Skills and work in progress').getByText('away', { exact: true }).waitFor()
    await card('Away').getByRole('button', { name: 'Is back' }).click()
    await confirm('Is back')
    await card('Away').getByText('Everybody is there.').waitFor()
    expect(await seat.hasRun()).toBe(false)
  })

  it('plans a shift, and says what somebody knows, leads and takes on', async () => {
    await seat.page.goto('/teams')
    await openDialog('Plan a shift', card('Shifts'))
    await choose('Team', 'tier2')
    await choose('Who', admin)
    for (const day of ['Mon', 'Sun']) await dialog().getByLabel(day).check()
    await dialog().getByLabel('Time zone').fill('Mars/Olympus')
    await dialog().getByRole('button', { name: 'Plan it' }).click()
    await dialog().getByRole('alert').getByText('time zone').waitFor()
    expect(seat.complaints.splice(0)).toEqual([expect.stringContaining('400')])
    await dialog().getByLabel('Time zone').fill('Europe/Berlin')
    await confirm('Plan it')
    await card('Shifts').getByRole('row', { name: 'mon, sun' }).waitFor()
    const ann = card('Skills and work in progress').getByRole('row', { name: 'Ann' })
    await ann.getByRole('button', { name: 'Change' }).click()
    await dialog().getByLabel('Knows').fill('printers')
    await seat.page.keyboard.press('Enter')
    await dialog().getByLabel('Tickets at once').fill('3')
    await confirm('Keep it')
    await expect.poll(() => ann.textContent()).toMatch(/printers.*3/)
  })

  it('plans a window once and weekly, shows five dates in site time, ends one that is open', async () => {
    const { page } = seat
    await page.goto('/maintenance')
    await openDialog('Plan a window', card('Maintenance windows'))
    await dialog().getByLabel('What is done').fill(`Now ${hostile}`)
    await dialog()
      .getByLabel('Begins')
      .fill(inBerlin(Date.now() - minutes(2), zone))
    await seat.keepPictures('window-dialog')
    await confirm('Plan it')
    const open = card('Maintenance windows').getByRole('row', { name: 'Now' })
    await open.getByText('open now').waitFor()

    await openDialog('Plan a window', card('Maintenance windows'))
    await dialog().getByLabel('What is done').fill('Updates')
    await dialog().getByText('Weekly').click()
    await dialog().getByLabel('Sun').check()
    await dialog().getByLabel('Begins').fill('02:00')
    await dialog().getByText('A tag').click()
    await dialog().getByRole('textbox', { name: 'Tag', exact: true }).fill('payroll')
    await confirm('Plan it')
    const weekly = card('Maintenance windows').getByRole('row', { name: 'Updates' })
    expect(await weekly.locator('[data-date]').allTextContents()).toEqual(Array(5).fill(expect.stringMatching(/^Sun.* 02:00 – 03:00$/)))
    await weekly.getByText(`machines tagged payroll of ${own}`).waitFor()
    await seat.keepPictures('maintenance')

    await open.getByRole('button', { name: 'End now' }).click()
    await confirm('End now')
    await open.waitFor({ state: 'detached' })
    await weekly.getByRole('button', { name: 'Remove' }).click()
    await confirm('Remove')
    await card('Maintenance windows').getByText('None is planned.').waitFor()
    await card('Noise of the last 30 days').locator('[data-meter="false-alarms"]').waitFor()
    expect(await seat.hasRun()).toBe(false)
  })

  it('shows a mail of a stranger as it came, puts it on a ticket, and drops another', async () => {
    const { page, collector, api } = seat
    const { id, number } = await api.post<{ id: string; number: number }>('/api/tickets', {
      ...{ organisationId: collector.organisationId, title: 'No sound' },
    })
    const mail = {
      status: 'held',
      reason: 'Nobody here knows this sender.',
      sender: 'eve@elsewhere.example',
      received_at: Date.now(),
    } as const
    const mails = [
      { ...mail, id: 'one', subject: `Re: ${hostile}`, text: `Open this: ${hostile}`, ticket_id: id },
      { ...mail, id: 'two', subject: 'Cheap watches', text: 'Buy now', ticket_id: null },
    ]
    await collector.store.db.insertInto('mails').values(mails).execute()
    await page.goto('/mails')
    const claimed = page.getByRole('article', { name: `Re: ${hostile}` })
    await claimed.getByText(`Open this: ${hostile}`).waitFor()
    expect(await seat.hasRun()).toBe(false)
    await openDialog('Drop', page.getByRole('article', { name: 'Cheap watches' }))
    await confirm('Drop')
    await openDialog('Put on a ticket', claimed)
    await expect.poll(() => dialog().getByLabel('Ticket').first().inputValue()).toContain(`#${number} No sound`)
    await seat.keepPictures('mail-dialog')
    await confirm('Put it there')
    await page.getByText('None waits.').waitFor()
    await page.goto(`/tickets/${id}`)
    await page.getByText(`Open this: ${hostile}`).waitFor()
    expect(await seat.hasRun()).toBe(false)
  })

  it('says who somebody is who asks, and in which language they are told', async () => {
    const { page } = seat
    await page.goto('/mails')
    await openDialog('Add somebody', card('People who ask'))
    await dialog().getByLabel('Name').fill(`Eva ${hostile}`)
    await dialog().getByLabel('Mail address').fill('eva@customer.example')
    await confirm('Keep it')
    const eva = card('People who ask').getByRole('row', { name: 'eva@customer.example' })
    await openDialog('Change', eva)
    await choose('Language', 'German')
    await confirm('Keep it')
    await eva.getByText('German').waitFor()
    await openDialog('Change', eva)
    await choose('VIP, with the technician', 'Ann')
    await seat.keepPictures('vip-dialog')
    await confirm('Keep it')
    await eva.getByText(`Ann ${hostile}`).waitFor()
    await seat.keepPictures('mail')
    const requester = { name: `Eva ${hostile}`, mail: 'eva@customer.example' }
    const asked = { organisationId: seat.collector.organisationId, title: 'Excel hangs', requester }
    const { id } = await seat.api.post<{ id: string }>('/api/tickets', asked)
    await page.goto(`/tickets/${id}`)
    await page.getByText('VIP', { exact: true }).waitFor()
    await page.getByText(`Given to Ann ${hostile}, the technician of whoever asked.`).waitFor()
    await seat.keepPictures('vip-ticket')
    expect(await seat.hasRun()).toBe(false)
  })

  it('stops isolating for four hours, and says so on every page', async () => {
    const { page } = seat
    await page.goto('/')
    await openDialog('Stop isolating')
    await choose('Where', own)
    await seat.keepPictures('stop-dialog')
    await confirm('Stop for 4 hours')
    const banner = page.locator('[data-stopped]')
    await banner.getByText(`Nothing of ${own} is isolated without a person until`).waitFor()
    for (const path of ['/', '/tickets', '/endpoints', '/teams']) {
      await page.goto(path)
      await banner.getByText(`${admin} pressed the stop button`).waitFor()
    }
    await page.goto('/')
    await seat.keepPictures('stopped')
    expect(seat.complaints).toEqual([])
  })
})
