import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineCommand } from '#shared/commands/define-command.ts'
import type { Risk } from '#shared/domain/command.ts'
import type { Progress } from '#shared/protocol/messages.ts'
import type { RecordBody, ResultRecord } from '#shared/protocol/record.ts'
import { type CommandParts, type Commands, createCommands } from '../../../agent/command/command.ts'
import { defineVerb, type Machine, type Verb, type VerbOutcome } from '../../../agent/command/verb.ts'
import { jsonFile } from '../../../agent/json-file.ts'
import type { Happening } from '../../../agent/signal/signal.ts'
import { FakeTime } from '../../support/fake-time.ts'
import { operatorOf, personsKey, signOrder } from '../../support/operators.ts'
import { anOrder, endpointId, issuedAt, makeSigner, type Signer } from './orders.ts'

let collector: Signer
let folder: string
let time: FakeTime
let runs: string[]
let results: ResultRecord[]
let happened: Happening[]
let received: string[]
let progress: Progress[]
let opened: Commands[]
/** Ends what a crash left unfinished, so that its files can be closed. */
let endUnfinished: (() => void)[]

beforeAll(async () => {
  collector = await makeSigner()
})
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tierline-command-'))
  time = new FakeTime(issuedAt)
  runs = []
  results = []
  happened = []
  received = []
  progress = []
  opened = []
  endUnfinished = []
})
afterEach(async () => {
  for (const end of endUnfinished) end()
  for (const commands of opened) await commands.stop()
  await rm(folder, { recursive: true })
})

const done: VerbOutcome = { outcome: 'succeeded', detail: 'done' }

function aVerb(verb: string, isIdempotent: boolean, run: () => Promise<VerbOutcome> = async () => done, risk: Risk = 'low'): Verb {
  const command = defineCommand({
    verb,
    title: verb,
    args: z.object({ depth: z.number().optional() }),
    output: z.object({}),
    risk,
    ttlMs: 1_000,
    isIdempotent,
  })
  return defineVerb({
    command,
    run: (_machine, args) => {
      runs.push(`${verb} ${JSON.stringify(args)}`)
      return run()
    },
  })
}

const journalText = (): Promise<string> => readFile(join(folder, 'commands.jsonl'), 'utf8')

const trustingTheCollector: CommandParts['trust'] = {
  organisationId: 'organisation-1',
  register: () => undefined,
  role: () => Promise.resolve('workstation'),
}

type Taking = Omit<Commands, 'take'> & { take(jws: string): Promise<void> }

async function open(verbs: Verb[] = [aVerb('isolate-host', true)], more: Partial<CommandParts> = {}): Promise<Taking> {
  const commands = await createCommands({
    authorities: [collector.authority],
    trust: trustingTheCollector,
    endpointId,
    journalDir: folder,
    standingFile: jsonFile(join(folder, 'standing.json')),
    machine: {} as Machine,
    append: async (_lane, body: RecordBody) => results.push(body as ResultRecord),
    received: (id) => void received.push(id),
    progress: (said) => progress.push(said) > 0,
    happened: async (event) => void happened.push(event),
    time,
    log: pino({ level: 'silent' }),
    verbs: new Map(verbs.map((verb) => [verb.command.verb, verb])),
    ...more,
  })
  opened.push(commands)
  commands.noteCollectorTime(issuedAt)
  return { ...commands, take: (jws) => commands.take({ jws }) }
}

describe('a command', () => {
  it('runs once, and its result goes through the security lane', async () => {
    const lanes: string[] = []
    const append: CommandParts['append'] = async (lane, body) => {
      lanes.push(lane)
      return results.push(body as ResultRecord)
    }
    const commands = await open(undefined, { append })
    await commands.take(await collector.sign(anOrder({ args: { depth: 3 } })))

    expect(runs).toEqual(['isolate-host {"depth":3}'])
    expect(lanes).toEqual(['security'])
    expect(results).toEqual([
      {
        v: 1,
        type: 'result',
        commandId: 'command-1',
        verb: 'isolate-host',
        outcome: 'succeeded',
        startedAt: issuedAt,
        finishedAt: issuedAt,
        detail: 'done',
      },
    ])
    expect([received, happened]).toEqual([['command-1'], []])
  })

  it('stands in the journal before the verb starts', async () => {
    let journal = ''
    const verb = aVerb('isolate-host', true, async () => {
      journal = await journalText()
      return done
    })
    await (await open([verb])).take(await collector.sign(anOrder()))
    expect(JSON.parse(journal)).toMatchObject({ kind: 'started', order: { id: 'command-1' } })
  })

  it('that is forged never runs: a critical signal, and "refused" for the id it claims', async () => {
    const jws = await collector.sign(anOrder())
    const commands = await open()
    await commands.take(`${jws.slice(0, -4)}AAAA`)
    await commands.take('nonsense')

    expect(runs).toEqual([])
    expect(happened.map(({ kind, severity }) => [kind, severity])).toEqual([
      ['security.command.forged', 'critical'],
      ['security.command.forged', 'critical'],
    ])
    expect(results).toMatchObject([{ commandId: 'command-1', outcome: 'refused', startedAt: null }])
  })

  it('that comes after its time never runs and is recorded, whatever this machine’s clock says', async () => {
    const commands = await open()
    time.jump(-3_600_000)
    await time.advance(60_000)
    await commands.take(await collector.sign(anOrder()))

    expect(runs).toEqual([])
    expect(results).toMatchObject([{ outcome: 'expired' }])
    expect(happened).toMatchObject([{ kind: 'security.command.stale', severity: 'info', facts: { what: 'expired' } }])
  })

  it('is judged by the latest collector time ever seen, over restarts', async () => {
    await (await open()).stop()
    const before = await open()
    before.noteCollectorTime(issuedAt + 3_600_000)
    before.noteCollectorTime(issuedAt)
    await before.stop()
    const after = await open()
    await after.take(await collector.sign(anOrder()))
    expect(results).toMatchObject([{ outcome: 'expired' }])
  })

  it('is judged so also while the disk refuses to keep that time', async () => {
    await mkdir(join(folder, 'collector-time.new'))
    const commands = await open()
    commands.noteCollectorTime(issuedAt + 3_600_000)
    await commands.take(await collector.sign(anOrder()))
    expect(results).toMatchObject([{ outcome: 'expired' }])
  })

  it('that is delivered again answers its kept result, also after a restart and after its time', async () => {
    const jws = await collector.sign(anOrder())
    const first = await open()
    await first.take(jws)
    await first.take(jws)
    await first.stop()
    const second = await open()
    second.noteCollectorTime(issuedAt + 3_600_000)
    await second.take(jws)

    expect(runs).toHaveLength(1)
    expect(results).toEqual([results[0], results[0], results[0]])
    expect(happened.map(({ facts }) => facts?.what)).toEqual(['repeated', 'repeated'])
  })

  it('that is delivered again while it runs does not run twice', async () => {
    const { promise, resolve } = Promise.withResolvers<VerbOutcome>()
    const commands = await open([aVerb('isolate-host', true, () => promise)])
    const jws = await collector.sign(anOrder())
    const both = Promise.all([commands.take(jws), commands.take(jws)])
    while (happened.length === 0) await new Promise((resolve) => setImmediate(resolve))
    resolve(done)
    await both
    expect([runs.length, results.length]).toEqual([1, 1])
  })

  it('that ran and comes again when it is fit no more answers its kept result', async () => {
    const anna = await personsKey()
    const register = { operators: [operatorOf('Anna', anna, issuedAt)], issuedAt }
    const commands = await open(undefined, { trust: { ...trustingTheCollector, register: () => register } })
    const jws = await signOrder(anna, anOrder())
    await commands.take(jws)
    await time.advance(60_000)
    await commands.take(jws)
    expect(results).toEqual([results[0], results[0]])
    expect(results).toMatchObject([{ outcome: 'succeeded' }, { outcome: 'succeeded' }])
  })

  it('with args out of its schema, or a verb nobody knows, is refused with the field named', async () => {
    const commands = await open()
    await commands.take(await collector.sign(anOrder({ args: { depth: 'deep' } })))
    await commands.take(await collector.sign(anOrder({ id: 'command-2', verb: 'format-disk' })))
    expect(runs).toEqual([])
    expect(results).toMatchObject([
      { outcome: 'refused', detail: expect.stringContaining('args.depth') },
      { outcome: 'refused', detail: expect.stringContaining('format-disk') },
    ])
  })

  it('whose verb throws has failed, with the reason', async () => {
    const commands = await open([aVerb('isolate-host', true, () => Promise.reject(new Error('the network card is on fire')))])
    await commands.take(await collector.sign(anOrder()))
    expect(results).toMatchObject([{ outcome: 'failed', detail: 'the network card is on fire' }])
  })
})

describe('where the journal can’t be written, a command', () => {
  async function takeUnwritten(verb: Verb): Promise<void> {
    const commands = await open([verb])
    // As good as a full disk: nothing can be written to a journal that is closed.
    await commands.stop()
    await commands.take(await collector.sign(anOrder()))
    if (runs.length > 0) await commands.take(await collector.sign(anOrder()))
  }

  it('that protects this machine runs all the same, once however often it comes, and nobody is told that it stands there', async () => {
    await takeUnwritten(aVerb('isolate-host', true, undefined, 'protective'))
    expect([runs, received]).toEqual([['isolate-host {}'], []])
    expect(results).toMatchObject([{ outcome: 'succeeded' }, { outcome: 'succeeded' }])
  })

  it.each([
    ['that does not protect it, a release above all,', aVerb('isolate-host', true)],
    ['that protects it and can’t be done twice', aVerb('isolate-host', false, undefined, 'protective')],
  ])('%s is not begun, and says why', async (_which, verb) => {
    await takeUnwritten(verb)
    expect([runs, received]).toEqual([[], []])
    expect(results).toMatchObject([{ outcome: 'failed', startedAt: null, detail: expect.stringContaining('journal') }])
  })
})

describe('after a crash, a command', () => {
  /** Begins it and leaves it unfinished, as a power cut would. */
  async function crashInTheMiddle(isIdempotent: boolean): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<VerbOutcome>()
    endUnfinished.push(() => resolve(done))
    const commands = await open([aVerb('isolate-host', isIdempotent, () => promise)])
    void commands.take(await collector.sign(anOrder()))
    while (runs.length === 0) await new Promise((resolve) => setImmediate(resolve))
    runs = []
  }

  it('that was begun is "unknown" and is not run again', async () => {
    await crashInTheMiddle(false)
    const commands = await open([aVerb('isolate-host', false)])
    await commands.recover()
    await commands.recover()
    expect(runs).toEqual([])
    expect(results).toMatchObject([{ commandId: 'command-1', outcome: 'unknown', startedAt: issuedAt }])
  })

  it('that may run twice runs again', async () => {
    await crashInTheMiddle(true)
    await (await open()).recover()
    expect(runs).toHaveLength(1)
    expect(results).toMatchObject([{ outcome: 'succeeded', startedAt: issuedAt }])
  })

  it('whose result never reached the spool is reported then', async () => {
    const first = await open(undefined, { append: () => Promise.reject(new Error('the spool is closed')) })
    await first.take(await collector.sign(anOrder()))
    expect(results).toEqual([])
    await (await open()).recover()
    expect([runs.length, results.length]).toEqual([1, 1])
  })
})
