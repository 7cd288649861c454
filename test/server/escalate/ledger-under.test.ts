import { expect, it } from 'vitest'
import { minutes } from '#shared/domain/time.ts'
import { type LedgerEntry, ledgerOf } from '../../../server/escalate/ledger.ts'
import { printLedger } from '../../../server/escalate/print-ledger.ts'

const line = (at: number, kind: LedgerEntry['kind'], body: LedgerEntry['body'] = {}): LedgerEntry => ({
  ...{ at: minutes(at), kind, actor: 'system', body },
})
const promised = { calendar: 'always', timeZone: 'UTC', matrixVersion: 1, respondBy: minutes(90), respondMs: minutes(30), resolveBy: null }
const always = () => ({ openings: (from: number, to: number) => [{ opensAt: from, closesAt: to }] }) as never

it('a ticket under another has no clock that runs and owes nothing; its minutes still sum to the elapsed time', () => {
  const gathered = [line(0, 'opened'), line(0, 'promised', promised), line(10, 'gathered', { by: 'site', number: 7 })]
  const under = ledgerOf(gathered, always, minutes(60))
  expect(under.lines).toEqual([
    { from: 0, to: minutes(10), state: 'running', why: '' },
    { from: minutes(10), to: minutes(60), state: 'paused', why: 'ticket over it' },
  ])
  expect(under.promises).toMatchObject([
    { promise: 'respond', by: null, state: 'none', ranMs: minutes(10) },
    { promise: 'resolve', by: null, state: 'none' },
  ])
  const alone = ledgerOf([...gathered, line(60, 'parted'), line(60, 'promised', promised)], always, minutes(80))
  expect(alone.lines.at(-1)).toEqual({ from: minutes(60), to: minutes(80), state: 'running', why: '' })
  expect(alone.promises).toMatchObject([{ by: minutes(90), state: 'running', ranMs: minutes(30) }, { by: null }])
  expect(Object.values(alone.totals).reduce((a, b) => a + b)).toBe(minutes(80))
})

it('one that comes back on its own runs, though it was under another before it ended', () => {
  const entries = [line(0, 'opened'), line(0, 'gathered'), line(20, 'resolved'), line(40, 'reopened'), line(40, 'promised', promised)]
  expect(ledgerOf(entries, always, minutes(60)).lines.map(({ state }) => state)).toEqual(['paused', 'ended', 'running'])
})

it('says so in words', () => {
  const ledger = ledgerOf([line(0, 'opened'), line(0, 'gathered')], always, minutes(60))
  const said = printLedger({ number: 1, title: 'Silent', priority: 'P2', team: 'tier3', status: 'new' }, ledger)
  expect(said).toContain('paused: waits for the ticket over it')
  expect(said).toContain('To respond: nothing is promised.')
})
