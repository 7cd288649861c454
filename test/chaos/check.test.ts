import { expect, it } from 'vitest'
import { type AgentHistory, type Gap, type StoredSignal, settle } from './check.ts'
import { type Kept, type Line, nameOf } from './history.ts'

/* The checker is only worth something if it can fail: each test plants one thing that went wrong. */

const name = (count: number): string => nameOf('a1', 'signals', count)
const kept = (count: number, place: Partial<Kept> = {}): Line => ({
  what: 'kept',
  ...{ id: `id-${count}`, about: name(count), kind: 'chaos.happened', epoch: 'one', lane: 'signals', seq: count },
  ...place,
})
const full = (count: number): Line[] => [{ what: 'attempted', about: name(count) }, kept(count), { what: 'said', about: name(count) }]
const history = (...lines: Line[]): AgentHistory[] => [{ agent: 'a1', endpointId: 'endpoint-1', lines }]
const row = (count: number, arrival = count): StoredSignal => ({
  ...{ endpointId: 'endpoint-1', id: `id-${count}`, about: name(count), kind: 'chaos.happened', arrival },
})
const gap = (from: number, to: number): Gap => ({ endpointId: 'endpoint-1', epoch: 'one', lane: 'signals', from, to, why: 'full' })
const nothing = { lost: [], doubled: [], misordered: [], invented: [], destroyed: [], forgotten: [], unsaid: [], givenUp: [] }

it('counts what is there once, and blames nobody', () => {
  expect(settle(history(...full(1), ...full(2)), [row(1), row(2)], [])).toEqual({ produced: 2, stored: 2, ...nothing })
})

it('finds one that was kept and is not there', () => {
  expect(settle(history(...full(1), kept(2)), [row(1)], [])).toMatchObject({ produced: 2, stored: 1, lost: [name(2)] })
})

it('finds one that was said to be safe, though it was never seen in the spool', () => {
  expect(settle(history({ what: 'attempted', about: name(1) }, { what: 'said', about: name(1) }), [], []).lost).toEqual([name(1)])
})

it('lets one be missing that was only attempted, and be there', () => {
  const attempted: Line = { what: 'attempted', about: name(1) }
  expect(settle(history(attempted), [], [])).toEqual({ produced: 0, stored: 0, ...nothing })
  expect(settle(history(attempted), [row(1)], [])).toEqual({ produced: 0, stored: 0, ...nothing })
})

it('finds one that is there twice, under one id or under two', () => {
  expect(settle(history(...full(1)), [row(1), row(1, 2)], []).doubled).toEqual([name(1)])
  expect(settle(history(...full(1)), [row(1), { ...row(1, 2), id: 'another' }], []).doubled).toEqual([name(1)])
  expect(settle(history({ what: 'attempted', about: name(1) }), [row(1), row(1, 2)], []).doubled).toEqual([name(1)])
})

it('finds one that came after a later one', () => {
  expect(settle(history(...full(1), ...full(2)), [row(1, 9), row(2, 3)], []).misordered).toEqual([name(1)])
})

it('compares the order within a lane only, and leaves out what a full disk held back', () => {
  const urgent = nameOf('a1', 'security', 1)
  const lines: Line[] = [...full(1), ...full(2), { what: 'attempted', about: urgent }, { what: 'held', about: name(1) }]
  expect(settle(history(...lines), [row(2, 1), row(1, 2), { ...row(3, 9), about: urgent }], []).misordered).toEqual([])
})

it('finds one that nobody said', () => {
  expect(settle(history(...full(1)), [row(1), row(7)], []).invented).toEqual([name(7)])
})

it('knows signals of other detectors by their ids', () => {
  const logon = { about: '198.51.100.7', kind: 'security.logon.bruteforce' }
  const lines = [kept(1, logon), kept(2, logon)]
  const stored = [{ ...row(1), ...logon }]
  expect(settle(history(...lines), stored, [])).toMatchObject({ lost: ['id-2'], doubled: [] })
  expect(settle(history(...lines), [...stored, { ...row(2), ...logon }], [])).toMatchObject({ lost: [], doubled: [] })
})

it('takes no agent’s signal for another’s', () => {
  expect(settle(history(...full(1)), [{ ...row(1), endpointId: 'endpoint-2' }], []).lost).toEqual([name(1)])
})

const destroyed = (count: number, wasAcknowledged: boolean, wasStored = wasAcknowledged): Line => ({
  what: 'destroyed',
  key: name(count),
  wasAcknowledged,
  wasStored,
})

it('counts apart what we destroyed before the collector had it', () => {
  expect(settle(history(...full(1), destroyed(1, false)), [], [])).toEqual({ produced: 1, stored: 0, ...nothing, destroyed: [name(1)] })
})

it('does not excuse by it what is gone though the collector had it', () => {
  expect(settle(history(...full(1), destroyed(1, true)), [], []).lost).toEqual([name(1)])
  expect(settle(history(...full(1), destroyed(1, true), { what: 'restored' }), [], []).destroyed).toEqual([name(1)])
  expect(settle(history(...full(1), { what: 'restored' }, destroyed(1, true)), [], []).lost).toEqual([name(1)])
})

it('excuses it where a restored collector had forgotten it and had not been given it back', () => {
  expect(settle(history(...full(1), { what: 'restored' }, destroyed(1, true, false)), [], []).destroyed).toEqual([name(1)])
  expect(settle(history(...full(1), destroyed(1, true, false)), [], []).lost).toEqual([name(1)])
})

it('does not excuse by it what lies in the spool again', () => {
  expect(settle(history(...full(1), destroyed(1, false), kept(1)), [], []).lost).toEqual([name(1)])
})

it('lets be forgotten only what a full disk left in memory', () => {
  const held: Line[] = [
    { what: 'attempted', about: name(1) },
    { what: 'held', about: name(1) },
    { what: 'said', about: name(1) },
  ]
  expect(settle(history(...held), [], []).lost).toEqual([name(1)])
  expect(settle(history(...held, { what: 'forgotten', about: name(1) }), [], []).forgotten).toEqual([name(1)])
  expect(settle(history(...held, { what: 'forgotten', about: name(1) }, kept(1)), [], []).lost).toEqual([name(1)])
})

it('wants a forgotten one to be said', () => {
  const lines: Line[] = [
    { what: 'attempted', about: name(1) },
    { what: 'held', about: name(1) },
    { what: 'said', about: name(1) },
  ]
  const forgotten = history(...lines, { what: 'forgotten', about: name(1) })
  expect(settle(forgotten, [], []).unsaid).toEqual([name(1)])
  expect(settle(forgotten, [], [gap(8, 8)]).unsaid).toEqual([])
  expect(settle(history(...lines, { what: 'forgotten', about: name(1) }, { what: 'damaged', by: 'x' }), [], []).unsaid).toEqual([])
  expect(settle(history(...full(8), { what: 'full' }, ...lines, { what: 'forgotten', about: name(1) }), [], [gap(8, 8)]).unsaid).toEqual([
    name(1),
  ])
})

it('lets a full disk give up only what it says', () => {
  expect(settle(history(...full(1), { what: 'full' }), [], [gap(1, 1)]).givenUp).toEqual([name(1)])
  expect(settle(history(...full(1), { what: 'full' }), [], [gap(2, 9)]).lost).toEqual([name(1)])
  expect(settle(history(...full(1), { what: 'full' }), [], [{ ...gap(1, 1), epoch: 'two' }]).lost).toEqual([name(1)])
  expect(settle(history(...full(1)), [], [gap(1, 1)]).lost).toEqual([name(1)])
})
