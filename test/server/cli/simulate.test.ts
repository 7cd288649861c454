import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it, vi } from 'vitest'
import type { Report } from '../../../server/simulate/report.ts'
import { tierline } from '../../support/command-line.ts'
import { matrixFile } from '../../support/desk-room.ts'

vi.setConfig({ testTimeout: 60_000 })

const folder = await mkdtemp(join(tmpdir(), 'tierline-simulate-'))
afterAll(() => rm(folder, { recursive: true, force: true }))
const shippedLoad = join(import.meta.dirname, '../../../server/simulate/default-load.yaml')

const simulate = (...args: string[]) => tierline('matrix', 'simulate', ...args)
const runsOf = (out: string): Report[] => (JSON.parse(out) as { runs: Report[] }).runs
async function file(name: string, text: string): Promise<string> {
  await writeFile(join(folder, name), text)
  return join(folder, name)
}

describe('tierline matrix simulate', () => {
  it('plays the month that ships, the same one for the same seed, byte for byte', async () => {
    const [first, again, other] = await Promise.all(['1', '1', '2'].map((seed) => simulate(matrixFile, '--seed', seed)))
    expect(first).toMatchObject({ code: 0, err: '', out: again?.out })
    expect(first?.out).not.toBe(other?.out)
    for (const row of [
      'First response, p50',
      'First response, p90',
      'Solved the same day',
      'Solved in tier1',
      'Promises broken',
      'Escalated: expertise',
      'Busy: tier1',
      'Longest queue: tier1',
    ])
      expect(first?.out).toMatch(new RegExp(`^${row} +\\S`, 'm'))
  })

  it('sets one generalist queue beside tiers, of the very same tickets, and draws both', async () => {
    const picture = join(folder, 'queues.svg')
    const { code, out } = await simulate(matrixFile, '--days', '10', '--against-staffing', 'generalists', '--picture', picture, '--json')
    const [tiers, generalists] = runsOf(out)
    expect([code, tiers?.name, generalists?.name]).toEqual([0, 'tiers', 'generalists'])
    expect(generalists?.tickets).toBe(tiers?.tickets)
    expect(generalists?.escalations).toEqual({})
    expect(tiers?.escalations.expertise).toBeGreaterThan(0)
    expect(await readFile(picture, 'utf8')).toMatch(/^<svg [^>]+>[\s\S]*>tiers<[\s\S]*>generalists<[\s\S]*<\/svg>\n$/)
  })

  it('sets one matrix beside another, under their names', async () => {
    const yaml = (await readFile(matrixFile, 'utf8')).replace(
      'P3: { box: 15m, from: work, to: tier2 }',
      'P3: { box: 1m, from: work, to: tier2 }',
    )
    const { out } = await simulate(matrixFile, '--against', await file('hasty.yaml', yaml), '--days', '5', '--json')
    const [shipped, hasty] = runsOf(out)
    expect([shipped?.name, hasty?.name]).toEqual(['default-matrix.yaml', 'hasty.yaml'])
    expect(hasty?.escalations['time-box']).toBeGreaterThan(1.3 * (shipped?.escalations['time-box'] ?? 0))
  })

  it('plays a storm of 5,000 alerts', async () => {
    const storm = `storms:\n  - { at: 2026-11-25T10:00, alerts: 5000, within: 10m, organisations: 40, machines: 1200, kind: security.sigma.bad-rule, severity: high }\n`
    const load = await file('storm.yaml', `${await readFile(shippedLoad, 'utf8')}\n${storm}`)
    const [calm, stormy] = runsOf((await simulate(matrixFile, '--days', '5', '--against-load', load, '--json')).out)
    // All of them under one ticket but for the few that somebody had in hand before it was a storm.
    expect((stormy?.tickets ?? 0) - (calm?.tickets ?? 0)).toBeLessThanOrEqual(10)
    expect(stormy?.under).toBeGreaterThan(1_000)
    expect(stormy?.isolated).toBe(calm?.isolated)
  })

  it.each([
    ['mix: [{ share: 1, needs: { tier9: 1 } }]', /bad\.yaml:1:\d+ mix\.0\.needs\.tier9: /],
    ['arrivals: { perDay: 5, byHour: [1, 2] }', /bad\.yaml:1:\d+ arrivals\.byHour: expected a weight for each of the 24 hours/],
    ['timeZone: Mars/Olympus', /bad\.yaml:1:1 timeZone: nobody knows this time zone/],
    ['{', /bad\.yaml:1:\d+ /],
  ])('names line and column of a load that is none: %s', async (text, sentence) => {
    expect(await simulate(matrixFile, '--load', await file('bad.yaml', text))).toMatchObject({
      code: 1,
      err: expect.stringMatching(sentence),
    })
  })

  it.each([
    [['--staffing', 'night'], /has no staffing "night"; it has tiers, generalists/],
    [['--days', '0'], /--days is "0"; it must be a whole number from 1 to 3660/],
    [['--load', '/nowhere.yaml'], /\/nowhere\.yaml can't be read/],
  ])('refuses %j with one sentence', async (flags, sentence) => {
    expect(await simulate(matrixFile, ...flags)).toMatchObject({ code: 1, err: expect.stringMatching(sentence) })
  })
})
