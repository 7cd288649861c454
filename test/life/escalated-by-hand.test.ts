import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ApiClient, signIn } from '../support/api.ts'
import { startTestCollector, type TestCollector } from '../support/collector.ts'
import { databaseSetting } from '../support/database.ts'
import { startProgram } from '../support/program.ts'

/* A person moves a ticket on through the API, and its minutes are explained by the API and on the command line. */

interface Ticket {
  id: string
  number: number
  version: number
  tier: string
  status: string
}

let collector: TestCollector
let browser: ApiClient
beforeAll(async () => {
  collector = await startTestCollector()
  const { login, password } = collector.firstSignIn
  browser = await signIn(collector.consoleUrl, login, password)
})
afterAll(() => collector[Symbol.asyncDispose]())

describe('a ticket that a person escalates', () => {
  it('must say what was tried, waits, and is explained', async () => {
    const { organisationId } = collector
    const opened = await browser.post<Ticket>('/api/tickets', { organisationId, title: 'Excel hangs' })
    const path = `/api/tickets/${opened.id}`
    await expect(browser.post(`${path}/escalate`, { version: opened.version, reason: 'expertise' })).rejects.toThrow(/what was tried/)
    const moved = await browser.post<Ticket>(`${path}/escalate`, { version: opened.version, reason: 'expertise', tried: 'A restart' })
    expect(moved).toMatchObject({ tier: 'tier2', status: 'new' })
    const taken = await browser.post<Ticket>(`${path}/acknowledge`, { version: moved.version })
    const waiting = await browser.post<Ticket>(`${path}/wait`, { version: taken.version, waitingFor: 'vendor' })
    expect(waiting).toMatchObject({ status: 'waiting', waitingFor: 'vendor' })
    const called = await browser.post<Ticket>(`${path}/security`, { version: waiting.version })
    expect(called).toMatchObject({ tier: 'security', status: 'new', waitingFor: null })

    const sla = await browser.get<{ from: number; to: number; totals: Record<string, number> }>(`${path}/sla`)
    expect(Object.values(sla.totals).reduce((sum, ms) => sum + ms, 0)).toBe(sla.to - sla.from)
    const [from, to] = [sla.from - 1_000, Date.now() + 1_000]
    const figures = await browser.get<{ total: unknown }>(`/api/figures?from=${from}&to=${to}&by=team`)
    expect(figures.total).toMatchObject({ opened: 1, escalations: { expertise: 1, security: 1 } })

    const place = ['--data', collector.dataDir, '--database', await databaseSetting(collector.dataDir)]
    const explained = startProgram(['sla', 'explain', String(opened.number), ...place])
    expect(await explained.ended).toBe(0)
    expect(explained.output()).toContain(`#${opened.number} Excel hangs`)
    expect(explained.output()).toContain('in all =')
  }, 60_000)
})
