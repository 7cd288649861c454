import type { Locator } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { z } from 'zod'
import type { NoiseExceptionList } from '#shared/api/noise.ts'
import type { TicketDetail, TicketSummary } from '#shared/api/tickets.ts'
import type { Signal } from '#shared/domain/signal.ts'
import { minutes } from '#shared/domain/time.ts'
import type { Lane } from '#shared/protocol/record.ts'
import { findChromium } from '../support/browser.ts'
import { connectRaw, enrolRaw, type RawAgent, rawSignal, signalRecord } from '../support/raw-agent.ts'
import { hostile, type Seat, takeSeat } from '../support/seat.ts'

/*
 * On a ticket: what is kept under it, kept, let go and ended in one act; "this is noise" with what it would have spared, of a
 * machine, a tag, an organisation; what it is marked as; a false alarm. What machines say here is hostile on purpose.
 */
const chromium = findChromium()

describe.skipIf(chromium === undefined)('the page of a ticket', () => {
  const stack = new AsyncDisposableStack()
  let seat: Seat
  beforeAll(async () => {
    seat = stack.use(await takeSeat(chromium ?? ''))
  })
  afterAll(() => stack.disposeAsync())
  beforeEach(() => expect(seat.complaints).toEqual([]))

  const dialog = (): Locator => seat.page.getByRole('dialog')
  const press = (name: string, within: Locator = seat.page.locator('body')) => within.getByRole('button', { name, exact: true }).click()
  /** Presses it, and waits until the dialog has gone: what was refused stays. */
  async function confirm(button: string, reason?: string): Promise<void> {
    if (reason !== undefined) await dialog().getByLabel('Reason').fill(reason)
    await press(button, dialog())
    await dialog().waitFor({ state: 'detached' })
  }
  async function machine(hostname: string, siteId?: string): Promise<{ agent: RawAgent; endpointId: string }> {
    const token = await seat.collector.token({ role: 'server', ttlMs: minutes(5), ...(siteId !== undefined && { siteId }) })
    const enrolled = await enrolRaw(token, hostname)
    const agent = await connectRaw(enrolled)
    stack.defer(() => agent.leave())
    return { agent, endpointId: enrolled.endpointId }
  }
  async function say(hostname: string, siteId: string | undefined, lane: Lane, ...signals: Partial<Signal>[]): Promise<string> {
    const { agent, endpointId } = await machine(hostname, siteId)
    agent.records(lane, 1, ...signals.map((signal) => signalRecord(rawSignal(signal))))
    return endpointId
  }
  /** As soon as there is one. */
  async function ticket(is: (ticket: TicketSummary) => boolean): Promise<TicketSummary> {
    let found: TicketSummary | undefined
    const read = async () => {
      found = (await seat.api.get<{ tickets: TicketSummary[] }>('/api/tickets')).tickets.find(is)
      return found
    }
    await expect.poll(read, { timeout: 8_000 }).toBeDefined()
    if (!found) throw new Error('it was there a moment ago')
    return found
  }
  const now = (id: string) => seat.api.get<TicketDetail>(`/api/tickets/${id}`)
  async function crowd(site: string, fingerprint: string, names: readonly string[]): Promise<TicketSummary> {
    const path = `/api/organisations/${seat.collector.organisationId}/sites`
    const { sites } = await seat.api.post<{ sites: { id: string; name: string }[] }>(path, { name: site })
    const siteId = sites.find(({ name }) => name === site)?.id
    const forged = { kind: 'security.command.forged', severity: 'critical', state: 'happened', summary: `Forged ${hostile}` } as const
    for (const name of names) await say(name, siteId, 'security', { ...forged, fingerprint })
    return ticket((each) => each.gathers === 'site' && each.site?.name === site)
  }

  it('keeps the tickets under one, names each other, and lets each stand alone', async () => {
    const { page } = seat
    const { id, number } = await crowd('The cellar', 'forged', ['one', 'two', 'three'])
    await page.goto(`/tickets/${id}`)
    await page.locator('[data-mark="over"]').getByText('many of a site').waitFor()
    const children = page.getByRole('region', { name: '3 tickets under this one' })
    await children.getByText('3 open · 3 machines').waitFor()
    await children.getByText(`Forged ${hostile}`).first().waitFor()
    await seat.keepPictures('children')
    await press('Keep', children)
    await confirm('Keep', 'One forger')
    await page.locator('[data-kind="children"]').waitFor()
    await children.getByRole('link').first().click()
    await page.locator('[data-mark="under"]').getByText('one of a site').waitFor()
    await page.getByRole('link', { name: `#${number}` }).click()
    await press('Let each stand alone', children)
    await confirm('Let each stand alone', 'They differ')
    await page.locator('[data-kind="children"]').nth(1).waitFor()
    await expect.poll(async () => (await ticket(({ endpoint }) => endpoint?.hostname === 'one')).gatheredBy).toBeNull()
    expect(await seat.hasRun()).toBe(false)
  })

  it('ends all of them with one press', async () => {
    const { page } = seat
    const { id } = await crowd('The attic', 'forged', ['red', 'green', 'blue'])
    await page.goto(`/tickets/${id}`)
    await press('End all')
    await confirm('End all', 'A drill')
    await page.getByRole('region', { name: '3 tickets under this one' }).getByText('0 open').waitFor()
    expect(await now(id)).toMatchObject({ status: 'resolved', resolution: 'false-alarm', children: { total: 3, open: 0 } })
  })

  it('says what “this is noise” would have spared, excepts machine, tag and organisation, and hears of it again', async () => {
    const { page, api, collector } = seat
    const loud = { kind: 'custom.fan.loud', severity: 'high', summary: `The fan is loud ${hostile}` } as const
    const endpointId = await say('dusty', undefined, 'signals', { ...loud, fingerprint: 'fan' }, { ...loud, fingerprint: 'other-fan' })
    await say('dustier', undefined, 'signals', { ...loud, fingerprint: 'fan' })
    await collector.store.db.updateTable('endpoints').set({ tags: '["payroll"]' }).where('id', '=', endpointId).execute()
    await ticket(({ endpoint }) => endpoint?.hostname === 'dustier')
    const first = await ticket(({ endpoint, kind }) => endpoint?.hostname === 'dusty' && kind === loud.kind)
    await page.goto(`/tickets/${first.id}`)
    await press('Resolve')
    await dialog().getByRole('radio', { name: 'Noise' }).check()
    await dialog().getByLabel('Spare us the like of it until a date').check()
    await dialog().getByText('It would have spared 1 ticket').waitFor()
    await dialog().getByText(`#${first.number} The fan is loud ${hostile}`).waitFor()
    await dialog().getByLabel('Note').fill(`It is summer ${hostile}`)
    await seat.keepPictures('noise')
    await confirm('Resolve it')
    await page.locator('[data-kind="resolved"]').waitFor()

    const until = new Date(Date.now() + minutes(60 * 24 * 7)).toISOString().slice(0, 10)
    await press('This is noise')
    await dialog().getByRole('radio', { name: 'Everything of its kind' }).check()
    await dialog().locator('[data-spared="2"]').waitFor()
    await dialog().getByText('A tag').click()
    await dialog().getByRole('combobox', { name: 'Tag' }).click()
    await page.getByRole('option', { name: 'payroll' }).click()
    await dialog().locator('[data-spared="2"]').waitFor()
    await dialog().getByLabel('Until the end of').fill(until)
    await seat.keepPictures('noise-of-a-tag')
    await confirm('Spare us', 'All of payroll')
    await press('This is noise')
    await dialog().getByText(first.organisation.name, { exact: true }).click()
    await dialog().getByRole('radio', { name: 'Everything of its kind' }).check()
    await dialog().locator('[data-spared="3"]').waitFor()
    await confirm('Spare us', 'All of them')

    const { exceptions } = await api.get<z.infer<typeof NoiseExceptionList>>('/api/noise-exceptions')
    const kept = exceptions.map(({ scope, value, fingerprint }) => [scope, value, fingerprint])
    expect(kept.toSorted()).toEqual(
      [
        ['endpoint', endpointId, exceptions.find(({ scope }) => scope === 'endpoint')?.fingerprint],
        ['organisation', collector.organisationId, null],
        ['tag', 'payroll', null],
      ].toSorted(),
    )
    const lastMinute = Temporal.PlainDate.from(until).toZonedDateTime({ timeZone: 'Europe/Berlin', plainTime: '23:59' }).epochMilliseconds
    expect(exceptions.find(({ scope }) => scope === 'tag')?.until).toBe(lastMinute)
    await page.goto('/maintenance')
    const noise = page.getByRole('region', { name: 'Called noise' })
    await noise.getByText('dusty of').waitFor()
    await noise.getByText(`It is summer ${hostile}`).waitFor()
    for (const { id } of exceptions.filter(({ scope }) => scope !== 'tag')) await api.remove(`/api/noise-exceptions/${id}`)
    await page.reload()
    await press('End', noise.getByRole('row', { name: 'machines tagged payroll' }))
    await confirm('End')
    await noise.getByText('Nothing is called noise.').waitFor()
    expect(await seat.hasRun()).toBe(false)
  })

  it('marks what comes and goes, a problem and its incidents', async () => {
    const { page, collector } = seat
    const turns = Array.from({ length: 3 }, () => [{ state: 'raised' as const }, { state: 'cleared' as const }]).flat()
    await say('fickle', undefined, 'signals', ...turns.map((turn) => ({ kind: 'custom.door.open', severity: 'high' as const, ...turn })))
    const open = await ticket(({ kind, isFlapping }) => kind === 'custom.door.open' && isFlapping)
    const problem = await ticket(({ endpoint }) => endpoint?.hostname === 'dustier')
    const tickets = collector.store.db.updateTable('tickets')
    await tickets.set({ kind: 'problem.recurring' }).where('id', '=', problem.id).execute()
    await tickets.set({ problem_id: problem.id }).where('id', '=', open.id).execute()
    for (const path of ['/', '/tickets', `/tickets/${open.id}`]) {
      await page.goto(path)
      await page.locator('[data-mark="flapping"]').getByText(`comes and goes ×${open.occurrences}`).waitFor()
      await page.locator('[data-mark="recurs"]').waitFor()
    }
    await page.getByRole('region', { name: 'Linked' }).getByText(`#${problem.number}`).click()
    await page.locator('[data-mark="problem"]').waitFor()
    await page.getByRole('region', { name: 'Linked' }).getByText(`#${open.number}`).waitFor()
    await seat.keepPictures('problem')
  })

  it('tells that a release waits for a second word, and undoes a false alarm with one press', async () => {
    const { page, collector } = seat
    const canary = { kind: 'security.ransomware.canary', severity: 'critical', state: 'happened', summary: `Touched ${hostile}` } as const
    const endpoint_id = await say('decoy', undefined, 'security', canary)
    const { id } = await ticket(({ kind }) => kind === canary.kind)
    const people = await collector.store.db.selectFrom('people').select('id').executeTakeFirstOrThrow()
    const word = {
      endpoint_id,
      side: 'customer',
      person_id: people.id,
      reason: `We are ready ${hostile}`,
      at: Date.now(),
      without_restore: null,
    } as const
    await collector.store.db.insertInto('release_consents').values(word).execute()
    await page.goto(`/tickets/${id}`)
    const notice = page.getByRole('alert').filter({ hasText: 'A release waits for a second word' })
    await notice.getByText(`We are ready ${hostile}`).waitFor()
    await notice.getByText('One of the provider who may release has to agree.').waitFor()
    await seat.keepPictures('second-word')
    await press('False alarm')
    await confirm('It was a false alarm', 'A backup program')
    await page.locator('[data-kind="resolved"]').waitFor()
    expect(await now(id)).toMatchObject({ status: 'resolved', resolution: 'false-alarm' })
    expect([await seat.hasRun(), seat.complaints]).toEqual([false, []])
  })
})
