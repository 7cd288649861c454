import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineCommand } from '#shared/commands/define-command.ts'
import type { Risk } from '#shared/domain/command.ts'
import { days, hours, minutes } from '#shared/domain/time.ts'
import type { ResultRecord } from '#shared/protocol/record.ts'
import { type StandingOrder, standingType } from '#shared/protocol/standing-order.ts'
import { type CommandParts, type Commands, createCommands } from '../../../../agent/command/command.ts'
import { defineVerb, type Machine, type Verb } from '../../../../agent/command/verb.ts'
import keepStandingOrder from '../../../../agent/command/verbs/keep-standing-order.ts'
import { jsonFile } from '../../../../agent/json-file.ts'
import { FakeTime } from '../../../support/fake-time.ts'
import { operatorOf, type PersonsKey, personsKey } from '../../../support/operators.ts'
import { anOrder, endpointId, issuedAt, makeSigner, type Signer } from '../orders.ts'

/* Standing orders on one machine: what is kept, what is turned away, and what runs by itself, once. */
let collector: Signer
let folder: string
let time: FakeTime
let results: ResultRecord[]
let runs: string[]
let heardAt: number | undefined
let opened: Commands[]
let trust: CommandParts['trust']
let nth = 0

const aVerb = (verb: string, risk: Risk): Verb =>
  defineVerb({
    command: defineCommand({ verb, title: verb, args: z.looseObject({}), output: z.object({}), risk, ttlMs: hours(1), isIdempotent: true }),
    run: async (_machine, args) => {
      runs.push(`${verb} ${JSON.stringify(args)}`)
      return { outcome: 'succeeded', detail: 'done' }
    },
  })
const verbs = [
  aVerb('restart-service', 'protective'),
  aVerb('isolate-host', 'protective'),
  aVerb('reboot', 'medium'),
  aVerb('run-script', 'high'),
]

const anyStanding = (more: Partial<StandingOrder> = {}): StandingOrder => ({
  ...{ v: 1, id: 'standing-1', number: 1, name: 'Restart', organisationId: 'organisation-1', endpoints: [endpointId] },
  ...{ verb: 'restart-service', args: {}, argsFrom: { unit: 'unit' } },
  when: { kind: 'signal', any: [{ kind: 'health.service.down', facts: { isListed: true } }] },
  ...{ mostRuns: 2, issuedAt, endsAt: issuedAt + days(90), isWithdrawn: false, requestedBy: 'Anna', reason: 'it falls over' },
  ...more,
})
const down = (id: string, more = {}) => ({
  ...{ id, kind: 'health.service.down', severity: 'high' as const, fingerprint: 'health.service.down:nginx' },
  ...{ facts: { unit: 'nginx.service', isListed: true }, summary: 'nginx.service has failed', ...more },
})

async function open(more: Partial<CommandParts> = {}): Promise<Commands> {
  const commands = await createCommands({
    ...{ authorities: [collector.authority], trust, endpointId, journalDir: folder, machine: {} as Machine },
    append: async (_lane, body) => results.push(body as ResultRecord),
    ...{ received: () => undefined, progress: () => true, happened: async () => undefined },
    standingFile: jsonFile(join(folder, 'standing.json')),
    contact: { ask: () => undefined, heardAt: () => heardAt },
    verbs: new Map([...verbs, keepStandingOrder as Verb].map((verb) => [verb.command.verb, verb])),
    ...{ time, log: pino({ level: 'silent' }), ...more },
  })
  opened.push(commands)
  commands.noteCollectorTime(issuedAt)
  await commands.recover()
  return commands
}

/** Brought by a command of the collector, as it comes in the field. @returns what the machine said of it. */
async function bring(commands: Commands, order: StandingOrder, ...keys: PersonsKey[]): Promise<ResultRecord | undefined> {
  const signed = keys.length === 0 ? [await signedByCollector(order)] : await Promise.all(keys.map((key) => key.sign(order, standingType)))
  return brought(commands, { order: { jws: signed[0], also: signed.slice(1) } })
}
const signedByCollector = (order: StandingOrder) => collector.sign(JSON.parse(sorted(order)), { typ: standingType })
async function brought(commands: Commands, args: object): Promise<ResultRecord | undefined> {
  nth += 1
  const id = `command-${nth}`
  await commands.take({
    jws: await collector.sign(anOrder({ id, verb: 'keep-standing-order', args: { ...args }, nonce: `nonce-number-of-${id}` })),
  })
  return results.find(({ commandId }) => commandId === id)
}
/** The signer of commands in these tests writes JSON as it comes. */
const sorted = (value: unknown): string =>
  JSON.stringify(value, (_key, each: unknown) =>
    typeof each === 'object' && each !== null && !Array.isArray(each) ? Object.fromEntries(Object.entries(each).toSorted()) : each,
  )
const byItself = () => results.flatMap(({ standing, outcome, detail }) => (standing ? [[standing.run, outcome, detail]] : []))

beforeEach(async () => {
  collector = await makeSigner()
  folder = await mkdtemp(join(tmpdir(), 'tierline-standing-'))
  time = new FakeTime(issuedAt)
  results = []
  runs = []
  opened = []
  heardAt = undefined
  trust = { organisationId: 'organisation-1', register: () => undefined, role: async () => 'server' }
})
afterEach(async () => {
  for (const commands of opened) await commands.stop()
  await rm(folder, { recursive: true, maxRetries: 5 })
})

describe('a standing order that a signal triggers', () => {
  it('runs by itself with the signal’s facts, once for one signal, and as often as was signed', async () => {
    const commands = await open()
    expect(await bring(commands, anyStanding())).toMatchObject({ outcome: 'succeeded', output: { number: 1 } })
    for (const id of ['signal-1', 'signal-1', 'signal-2', 'signal-3']) commands.noticed(down(id))
    commands.noticed(down('signal-4', { facts: { unit: 'x.service', isListed: false } }))
    await expect.poll(() => byItself().length, { timeout: 10_000 }).toBe(2)
    await commands.stop()
    expect(runs).toEqual(['restart-service {"unit":"nginx.service"}', 'restart-service {"unit":"nginx.service"}'])
    expect(byItself()).toEqual([
      [1, 'succeeded', 'standing order “Restart”, run 1 of 2: done'],
      [2, 'succeeded', 'standing order “Restart”, run 2 of 2: done'],
    ])
  })

  it('counts over a restart, and knows the signal it ran for', async () => {
    const first = await open()
    await bring(first, anyStanding({ mostRuns: 1 }))
    first.noticed(down('signal-1'))
    await expect.poll(() => runs.length, { timeout: 10_000 }).toBe(1)
    await first.stop()
    const second = await open()
    for (const id of ['signal-1', 'signal-2']) second.noticed(down(id))
    await second.stop()
    expect(runs).toHaveLength(1)
  })

  it('leaves the same trouble alone for as long as was signed, and what was noticed before it came', async () => {
    const commands = await open()
    await bring(commands, anyStanding({ when: { kind: 'signal', any: [{ kind: 'health.*' }], restMinutes: 60 } }))
    commands.noticed(down('signal-0'), issuedAt - 1)
    commands.noticed(down('signal-1'))
    commands.noticed(down('signal-2'))
    await expect.poll(() => runs.length, { timeout: 10_000 }).toBe(1)
    await time.advance(minutes(61))
    commands.noticed(down('signal-3'))
    await expect.poll(() => runs.length, { timeout: 10_000 }).toBe(2)
  })

  it('doesn’t isolate while that is stopped, nor run scripts while they are switched off', async () => {
    const commands = await open()
    await brought(commands, { pause: { scripts: true, isolationUntil: issuedAt + hours(4) } })
    for (const longer of [{ isolationUntil: issuedAt + days(2) }, { isolationUntil: 0, scriptsUntil: issuedAt + days(2) }])
      expect((await brought(commands, { pause: { scripts: false, ...longer } }))?.detail).toContain('a day at most')
    const when: StandingOrder['when'] = { kind: 'signal', any: [{ kind: 'health.service.down' }] }
    const { argsFrom: _, ...plain } = anyStanding()
    for (const verb of ['isolate-host', 'run-script']) await bring(commands, { ...plain, id: `of-${verb}`, verb, when })
    commands.noticed(down('signal-1'))
    await brought(commands, {})
    await time.advance(hours(5))
    commands.noticed(down('signal-2'))
    await expect.poll(() => runs, { timeout: 10_000 }).toEqual(['isolate-host {}'])
    await time.advance(hours(20))
    commands.noticed(down('signal-3'))
    await expect.poll(() => runs, { timeout: 10_000 }).toContain('run-script {}')
  })
})

describe('isolating oneself when the collector is silent', () => {
  const { argsFrom: _, ...plain } = anyStanding({ id: 'silence-1', name: 'Alone', verb: 'isolate-host' })
  const order = {
    ...plain,
    when: { kind: 'signal' as const, any: [{ kind: 'security.ransomware.*', minSeverity: 'critical' as const }], silentMs: 2_000 },
  }
  const encryption = (id: string, more = {}) => down(id, { kind: 'security.ransomware.encryption', severity: 'critical', ...more })

  it('happens two seconds after the encryption, and not before', async () => {
    const commands = await open()
    await bring(commands, order)
    commands.noticed(encryption('signal-1'))
    await time.advance(1_900)
    expect(runs).toEqual([])
    await time.advance(200)
    await expect.poll(() => runs, { timeout: 10_000 }).toEqual(['isolate-host {}'])
  })

  it('doesn’t happen where the collector said something in time, nor without an encryption', async () => {
    const commands = await open()
    await bring(commands, order)
    commands.noticed(encryption('signal-1'))
    await time.advance(1_000)
    heardAt = time.monotonic()
    commands.noticed(down('signal-2'))
    commands.noticed(encryption('signal-3', { severity: 'medium' }))
    await time.advance(60_000)
    await commands.stop()
    expect(runs).toEqual([])
  })

  it('on a core machine needs an operator’s signature, where there are operators', async () => {
    const anna = await personsKey()
    const register = { operators: [operatorOf('Anna', anna, issuedAt)], issuedAt }
    trust = { organisationId: 'organisation-1', register: () => register, role: async () => 'core' }
    const commands = await open()
    expect((await bring(commands, order))?.detail).toContain('isolating needs an operator’s signature on a core machine')
    expect(await bring(commands, order, anna)).toMatchObject({ outcome: 'succeeded' })
  })
})

const zones = { 'in its own zone': { timeZone: 'Europe/Berlin' }, 'of its site': { timeZone: 'UTC', zones: ['Europe/Berlin'] } }
it.each(Object.entries(zones))('a window’s time comes once a day, %s', { timeout: 30_000 }, async (_whose, zone) => {
  time = new FakeTime('2026-11-23T21:00:00+01:00')
  const start = time.now()
  const commands = await open()
  const { argsFrom: _, ...plain } = anyStanding({ verb: 'reboot', mostRuns: 9, issuedAt: start, endsAt: start + days(9) })
  const when: StandingOrder['when'] = { kind: 'window', days: [1, 2], from: '22:00', to: '02:00', ...zone }
  await brought(commands, { order: { jws: await signedByCollector({ ...plain, when }) }, timeZone: 'Europe/Berlin' })
  const counts = { [minutes(59)]: 0, [minutes(61)]: 1, [hours(5)]: 1, [hours(29)]: 2, [hours(77)]: 2 }
  for (const [atMs, count] of Object.entries(counts)) {
    await time.advance(start + Number(atMs) - time.now())
    await expect.poll(() => runs.length, { timeout: 10_000 }).toBe(count)
  }
})

describe('an order is turned away in one sentence', () => {
  const refused = async (more: Partial<StandingOrder>): Promise<string> => {
    const commands = await open()
    const said = await bring(commands, anyStanding(more))
    expect(said?.outcome).toBe('refused')
    return said?.detail ?? ''
  }
  it.each<[string, Partial<StandingOrder>, string]>([
    ['that is over', { issuedAt: issuedAt - days(2), endsAt: issuedAt - days(1) }, 'its time is over'],
    ['of another organisation', { organisationId: 'organisation-2' }, 'it is for another organisation'],
    ['for other machines', { endpoints: ['endpoint-2'] }, 'it is for other machines'],
    ['for another role', { role: 'workstation' }, 'it is for machines of the role workstation, and this one is server'],
    ['with a verb nobody knows', { verb: 'dance' }, 'this agent does not know the verb dance'],
    ['for longer than 180 days', { endsAt: issuedAt + days(181) }, 'it can’t be read: it: a standing order ends after 180 days at most'],
    ['about orders', { verb: 'keep-standing-order' }, 'it can’t be read: verb: this verb is nothing that a machine may do by itself'],
  ])('%s', async (_what, more, sentence) => {
    expect(await refused(more)).toBe(sentence)
  })

  it('with an older number than the last, and one that is withdrawn stays so', async () => {
    const commands = await open()
    await bring(commands, anyStanding({ number: 5 }))
    expect((await bring(commands, anyStanding({ number: 4 })))?.detail).toBe('number 4 is older than 5, which this machine keeps')
    expect((await bring(commands, anyStanding({ number: 6, isWithdrawn: true })))?.detail).toBe('it is withdrawn')
    expect((await bring(commands, anyStanding({ number: 5 })))?.detail).toBe('number 5 is older than 6, which this machine keeps')
    commands.noticed(down('signal-1'))
    await commands.stop()
    expect(runs).toEqual([])
  })
})

describe('where operators are named', () => {
  it('what is of high risk needs two of them, and ends with the key of either', async () => {
    const [anna, bert] = [await personsKey(), await personsKey()]
    const both = [operatorOf('Anna', anna, issuedAt), operatorOf('Bert', bert, issuedAt)]
    let register = { operators: both, issuedAt }
    trust = { ...trust, register: () => register }
    const commands = await open()
    const order = anyStanding({ verb: 'run-script' })
    expect((await bring(commands, order))?.detail).toContain('more than protective')
    expect((await bring(commands, order, anna))?.detail).toContain('needs the signatures of 2 different operators')
    expect(await bring(commands, order, anna, bert)).toMatchObject({ outcome: 'succeeded' })
    register = { operators: both.slice(0, 1), issuedAt }
    commands.noticed(down('signal-1'))
    await expect.poll(byItself).toEqual([[0, 'refused', expect.stringContaining('no operator’s any more')]])
    expect(runs).toEqual([])
  })

  it('a certificate that has lapsed signs nothing new, and what it signed goes on', async () => {
    const anna = await personsKey()
    const register = { operators: [operatorOf('Anna', anna, issuedAt)], issuedAt }
    trust = { ...trust, register: () => ({ ...register, issuedAt: time.now() }) }
    const commands = await open()
    await bring(commands, anyStanding({ verb: 'reboot' }), anna)
    await time.advance(days(31))
    commands.noticed(down('signal-1'))
    await expect.poll(() => runs.length, { timeout: 10_000 }).toBe(1)
    const late = anyStanding({ id: 'standing-2', verb: 'reboot', issuedAt: time.now() })
    const signed = { jws: await anna.sign(late, standingType) }
    const carrier = anOrder({
      id: 'late-carrier',
      verb: 'keep-standing-order',
      args: { order: signed },
      nonce: 'a-nonce-of-the-late',
      expiresAt: time.now() + 60_000,
    })
    await commands.take({ jws: await collector.sign({ ...carrier, issuedAt: time.now() }) })
    expect(results.find(({ commandId }) => commandId === 'late-carrier')?.detail).toBe('the certificate of Anna is not in force')
  })
})
