import { cpSync, rmSync } from 'node:fs'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { seconds } from '#shared/domain/time.ts'
import { AgentMessage } from '#shared/protocol/messages.ts'
import type { Lane } from '#shared/protocol/record.ts'
import type { DurableSpool } from '../../../agent/spool/spool.ts'
import { Outgoing } from '../../../agent/wire/outgoing.ts'
import { FakeTime } from '../../support/fake-time.ts'
import { aboutOf, openTestSpool, reportOf, signalRecord, temporaryFolder } from '../spool/records.ts'

/*
 * The real spool and the real order of frames against a collector on paper, through any mixture of faults: whatever was
 * appended after the disk was last set back, or is in the copy, is stored in its order, and no seq means two records.
 */
type Fault =
  | { kind: 'append'; lane: 'security' | 'signals'; count: number }
  /** A connection that brings so many frames over, of which so many are acknowledged before it is cut. */
  | { kind: 'connect'; frames: number; acknowledgements: number }
  | { kind: 'kill' }
  | { kind: 'restart' }
  | { kind: 'copy disk' }
  | { kind: 'set disk back'; isRunning: boolean }
  | { kind: 'back collector up' }
  | { kind: 'restore collector' }

const frames = fc.constantFrom(0, 1, 2, 6, 1_000)
const count = fc.integer({ min: 1, max: 5 })
const faults: fc.Arbitrary<Fault> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('append'), lane: fc.constantFrom('security', 'signals'), count }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('connect'), frames, acknowledgements: frames }) },
  { weight: 2, arbitrary: fc.constantFrom<Fault>({ kind: 'kill' }, { kind: 'restart' }, { kind: 'copy disk' }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('set disk back'), isRunning: fc.boolean() }) },
  { weight: 1, arbitrary: fc.constantFrom<Fault>({ kind: 'back collector up' }, { kind: 'restore collector' }) },
)

/** Cursors per epoch and lane, and what was stored, by its name, in the order in which it came. */
interface Paper {
  cursors: Record<string, Partial<Record<Lane, number>>>
  stored: string[]
}

class Story {
  readonly #dir = temporaryFolder()
  readonly #copy = temporaryFolder()
  readonly #time = new FakeTime()
  readonly #open: DurableSpool[] = []
  #spool: DurableSpool | undefined
  #paper: Paper = { cursors: {}, stored: [] }
  #backup: Paper = structuredClone(this.#paper)
  #count = 0
  /** What must be stored in the end; what of it the copy holds. */
  promised: string[] = []
  #copied: string[] | undefined

  async happens(fault: Fault): Promise<void> {
    switch (fault.kind) {
      case 'append':
        for (let index = 0; index < fault.count; index += 1) await this.#append(fault.lane)
        return
      case 'connect':
        return this.#connect(fault.frames, fault.acknowledgements)
      case 'kill':
        return this.#start()
      case 'restart':
        await this.#spool?.close()
        return this.#start()
      case 'copy disk':
        rmSync(this.#copy, { recursive: true })
        cpSync(this.#dir, this.#copy, { recursive: true })
        this.#copied = [...this.promised]
        return
      case 'set disk back':
        return this.#setBack(fault.isRunning)
      case 'back collector up':
        this.#backup = structuredClone(this.#paper)
        return
      case 'restore collector':
        this.#paper = structuredClone(this.#backup)
    }
  }

  async #append(lane: 'security' | 'signals'): Promise<void> {
    this.#spool ??= await this.#opened()
    this.#count += 1
    const about = `${lane} ${this.#count}`
    await this.#spool.append(lane, signalRecord(about, 300))
    this.promised.push(about)
  }

  async #start(): Promise<void> {
    this.#spool = await this.#opened()
  }

  async #opened(): Promise<DurableSpool> {
    const spool = await openTestSpool(this.#dir, 1_048_576, { reportOf, time: this.#time })
    this.#open.push(spool)
    return spool
  }

  async #setBack(isRunning: boolean): Promise<void> {
    if (!this.#copied) return
    rmSync(this.#dir, { recursive: true })
    cpSync(this.#copy, this.#dir, { recursive: true })
    this.promised = [...this.#copied]
    if (!isRunning) await this.#start()
  }

  async #connect(frames: number, acknowledgements: number): Promise<void> {
    this.#spool ??= await this.#opened()
    const spool = this.#spool
    const cursors = this.#cursorsOf(spool.epoch)
    if (!spool.confirm(cursors)) return spool.restart('the collector has more')
    const outgoing = new Outgoing(spool, { ...cursors }, 4, true, { now: () => 0 })
    for (let sent = 0; sent < frames; sent += 1) {
      const text = outgoing.next()
      if (text === undefined) return
      const { lane, seq } = this.#take(text)
      if (sent < acknowledgements) expect(outgoing.acknowledged(lane, seq, 4)).toBe(true)
    }
  }

  #take(text: string): { lane: Lane; seq: number } {
    const frame = AgentMessage.parse(JSON.parse(text))
    if (frame.kind !== 'records' && frame.kind !== 'skipped') throw new Error(`${frame.kind} is no frame of records`)
    const cursors = this.#cursorsOf(frame.epoch)
    const cursor = cursors[frame.lane] ?? 0
    const from = frame.kind === 'skipped' ? frame.from : (frame.records[0]?.seq ?? 0)
    expect(from).toBeLessThanOrEqual(cursor + 1)
    if (frame.kind === 'records') for (const { seq, body } of frame.records) if (seq > cursor) this.#store(aboutOf(body))
    cursors[frame.lane] = Math.max(cursor, frame.kind === 'skipped' ? frame.to : (frame.records.at(-1)?.seq ?? 0))
    return { lane: frame.lane, seq: cursors[frame.lane] ?? 0 }
  }

  #cursorsOf(epoch: string): Partial<Record<Lane, number>> {
    this.#paper.cursors[epoch] ??= {}
    return this.#paper.cursors[epoch]
  }

  #store(about: string): void {
    if (!this.#paper.stored.includes(about)) this.#paper.stored.push(about)
  }

  /** Until everything is acknowledged; then what is stored of what was promised. */
  async ends(): Promise<string[]> {
    // An append finds out what happened to the files of a spool that runs.
    await this.#append('security')
    await this.#append('signals')
    for (let connection = 0; connection < 3; connection += 1) await this.#connect(1_000, 1_000)
    const stored = this.#paper.stored.filter((about) => this.promised.includes(about))
    for (const spool of this.#open) await spool.close()
    return stored
  }
}

const append: Fault = { kind: 'append', lane: 'signals', count: 3 }
const bringAll: Fault = { kind: 'connect', frames: 1_000, acknowledgements: 1_000 }
const backUp: Fault = { kind: 'back collector up' }
const setBack: Fault = { kind: 'set disk back', isRunning: false }
/** Mistakes that chance finds seldom. */
const examples: [Fault[]][] = [
  // As many are appended after the set-back as were lost, and the agent is killed before it dials.
  [[append, bringAll, { kind: 'copy disk' }, append, bringAll, setBack, append, append, { kind: 'kill' }]],
  // What was acknowledged in the old epoch is wanted again in the new one.
  [
    [
      backUp,
      append,
      bringAll,
      bringAll,
      { kind: 'copy disk' },
      append,
      bringAll,
      setBack,
      bringAll,
      bringAll,
      { kind: 'restore collector' },
    ],
  ],
]

const ofLane = (names: string[], lane: string): string[] => names.filter((name) => name.startsWith(lane))

it('loses and mixes up nothing that was appended since the disk was last set back', { timeout: seconds(120) }, async () => {
  const isKept = async (happenings: Fault[]): Promise<void> => {
    const story = new Story()
    for (const fault of happenings) await story.happens(fault)
    const stored = await story.ends()
    for (const lane of ['security', 'signals']) expect(ofLane(stored, lane)).toEqual(ofLane(story.promised, lane))
  }
  await fc.assert(fc.asyncProperty(fc.array(faults, { minLength: 5, maxLength: 25 }), isKept), { numRuns: 60, examples })
})
