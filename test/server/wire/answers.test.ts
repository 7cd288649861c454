import { beforeEach, describe, expect, it } from 'vitest'
import { seconds } from '#shared/domain/time.ts'
import { CloseCode } from '#shared/protocol/close-codes.ts'
import type { CollectorMessage } from '#shared/protocol/messages.ts'
import type { Lane } from '#shared/protocol/record.ts'
import type { Taken } from '../../../server/ingest/batch.ts'
import { Answers } from '../../../server/wire/answers.ts'
import { Backpressure, fullBacklog } from '../../../server/wire/backpressure.ts'
import { FakeTime } from '../../support/fake-time.ts'

let time: FakeTime
let backlog: number
let said: CollectorMessage[]
let ended: unknown[]
let answers: Answers

beforeEach(() => {
  time = new FakeTime()
  backlog = 0
  said = []
  ended = []
  const speaker = {
    send: (message: CollectorMessage) => said.push(message) > 0,
    end: (code: CloseCode, reason: string) => void ended.push([code, reason]),
    fail: (sentence: string) => void ended.push(sentence),
  }
  answers = new Answers(speaker, time, new Backpressure(() => backlog))
})

const taken = (seq: number, about: Partial<Taken> = {}): Taken => ({ kind: 'taken', seq, refused: [], ...about })
const add = (lane: Lane, outcome: Taken) => answers.add({ epoch: 'epoch-one', lane }, Promise.resolve(outcome))
const commit = async (lane: Lane, ...outcomes: Taken[]) => {
  await Promise.all(outcomes.map((outcome) => add(lane, outcome)))
  await nextTurn()
}
const nextTurn = () => new Promise((resolve) => setImmediate(resolve))
const acknowledged = () => said.flatMap((message) => (message.kind === 'ack' ? [`${message.lane} ${message.seq}`] : []))

it('acknowledges what is committed, and says what was refused before', async () => {
  await commit('signals', taken(2, { refused: [{ seq: 1, reason: 'nonsense' }] }))
  expect(said.map(({ kind }) => kind)).toEqual(['refused', 'ack'])
  expect(said.at(-1)).toMatchObject({ lane: 'signals', seq: 2, credit: 1_000 })
})

it('acknowledges once what one commit brought in several frames', async () => {
  await commit('signals', taken(50, { refused: [{ seq: 7, reason: 'nonsense' }] }), taken(100), taken(150))
  expect(said.map(({ kind }) => kind)).toEqual(['refused', 'ack'])
  await commit('signals', taken(200))
  expect(acknowledged()).toEqual(['signals 150', 'signals 200'])
})

it('acknowledges what lies before a gap, and then ends the session', async () => {
  await commit('signals', taken(4), taken(4, { kind: 'gap' }))
  expect([acknowledged(), ended.length]).toEqual([['signals 4'], 1])
})

it('ends the session on a gap, and when the store fails', async () => {
  await commit('signals', taken(4, { kind: 'gap' }))
  await answers.add({ epoch: 'epoch-one', lane: 'signals' }, Promise.reject(new Error('the disk is full')))
  expect(ended).toEqual([[CloseCode.Gap, 'signals: record 5 is missing'], 'records could not be stored'])
  expect(acknowledged()).toEqual([])
})

describe('with more signals than the pipeline can handle', () => {
  beforeEach(() => {
    backlog = fullBacklog
  })

  it('holds acknowledgements back, the last of a lane standing for all, and never those of security', async () => {
    await commit('signals', taken(1))
    await commit('security', taken(1))
    await commit('signals', taken(2))
    await commit('samples', taken(7))
    expect(acknowledged()).toEqual(['security 1'])
    expect(said[0]).toMatchObject({ credit: 10 })
    await time.advance(seconds(10))
    expect(acknowledged()).toEqual(['security 1', 'signals 2', 'samples 7'])
  })

  it('says at once what it holds once there is room again', async () => {
    await commit('signals', taken(1))
    backlog = 0
    await commit('signals', taken(2))
    await time.advance(seconds(10))
    expect(acknowledged()).toEqual(['signals 2'])
  })

  it('leaves nothing unsaid when the collector stops', async () => {
    const later = Promise.withResolvers<Taken>()
    const adding = answers.add({ epoch: 'epoch-one', lane: 'signals' }, later.promise)
    const finished = answers.finish()
    later.resolve(taken(3))
    await Promise.all([adding, finished])
    expect(acknowledged()).toEqual(['signals 3'])
  })
})
