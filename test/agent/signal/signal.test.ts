import { describe, expect, it } from 'vitest'
import { Signal } from '#shared/domain/signal.ts'
import { maxRecordBytes } from '#shared/protocol/limits.ts'
import { type Finding, openSignals } from '../../../agent/signal/signal.ts'
import { FakeTime } from '../../support/fake-time.ts'
import { MemoryFile, MemorySpool, silent } from '../sense/bench-machine.ts'

const full = (about: string, severity: Finding['severity'] = 'medium'): Finding => ({
  ...{ kind: 'health.disk.full', about, severity, summary: `${about} is full` },
})
const hostile: Finding = { kind: 'security.malware.found', about: '/tmp/x', severity: 'high', summary: 'found' }

async function setUp(file = new MemoryFile(), spool = new MemorySpool()) {
  const time = new FakeTime()
  return { file, spool, time, signals: await openSignals({ file, spool, time, log: silent }) }
}

describe('signals', () => {
  it('says a finding once when it starts and once when it clears', async () => {
    const { signals, spool } = await setUp()
    await signals.report('disk-full', [full('/var')])
    await signals.report('disk-full', [full('/var')])
    await signals.report('disk-full', [])
    await signals.report('disk-full', [])
    expect(spool.signals().map((signal) => [signal.state, signal.fingerprint])).toEqual([
      ['raised', 'health.disk.full:/var'],
      ['cleared', 'health.disk.full:/var'],
    ])
    expect(spool.of('signals')).toHaveLength(2)
  })

  it('says it again under the same fingerprint when its severity changes', async () => {
    const { signals, spool } = await setUp()
    await signals.report('disk-full', [full('/var')])
    await signals.report('disk-full', [full('/var', 'high')])
    expect(spool.signals().map((signal) => [signal.state, signal.severity])).toEqual([
      ['raised', 'medium'],
      ['raised', 'high'],
    ])
    expect(new Set(spool.signals().map((signal) => signal.id)).size).toBe(2)
  })

  it('keeps two detectors apart', async () => {
    const { signals, spool } = await setUp()
    await signals.report('disk-full', [full('/var')])
    await signals.report('service-down', [])
    expect(spool.signals()).toHaveLength(1)
    expect(signals.standing('disk-full')).toHaveLength(1)
  })

  it('remembers over a restart', async () => {
    const { signals, file } = await setUp()
    await signals.report('disk-full', [full('/var')])
    const again = await setUp(file)
    await again.signals.report('disk-full', [full('/var')])
    expect(again.spool.signals()).toEqual([])
    await again.signals.report('disk-full', [])
    expect(again.spool.signals().map((signal) => signal.state)).toEqual(['cleared'])
  })

  it('says what a crash kept from being said, with the same id', async () => {
    const { signals, file, spool } = await setUp()
    spool.refuses = new Error('killed here')
    await signals.report('disk-full', [full('/var')])
    const remembered = file.text ?? ''
    const again = await setUp(file)
    const [said] = again.spool.signals()
    expect(remembered).toContain(said?.id)
    expect(again.spool.signals()).toHaveLength(1)
    expect((await setUp(again.file)).spool.signals()).toEqual([])
  })

  it('says it twice with one id when it was killed after the append and before the tick', async () => {
    const { signals, file, spool } = await setUp()
    const writes: string[] = []
    const write = file.write.bind(file)
    file.write = async (value) => {
      await write(value)
      writes.push(file.text ?? '')
    }
    await signals.report('disk-full', [full('/var')])
    const before = new MemoryFile()
    before.text = writes[0]
    const again = await setUp(before)
    expect(again.spool.signals().map((signal) => signal.id)).toEqual(spool.signals().map((signal) => signal.id))
  })

  it('tries again what the spool refused, and never lets a clear overtake its raise', async () => {
    const { signals, spool } = await setUp()
    spool.refuses = new Error('the disk is full')
    await signals.report('disk-full', [full('/var')])
    await signals.report('disk-full', [])
    spool.refuses = undefined
    await signals.report('memory-pressure', [])
    expect(spool.signals().map((signal) => signal.state)).toEqual(['raised', 'cleared'])
  })

  it('tries again by itself after a while what the spool refused', async () => {
    const { signals, spool, time } = await setUp()
    spool.refuses = new Error('the disk is full')
    await signals.happened({ ...hostile, detector: 'd' })
    expect(spool.waiting).toEqual({ security: 1, signals: 0 })
    await time.advance(6_000)
    spool.refuses = undefined
    await time.advance(6_000)
    expect(spool.of('security')).toHaveLength(1)
    expect(spool.waiting).toEqual({ security: 0, signals: 0 })
  })

  it.each([
    ['1,000 small ones', 2_500, ''],
    ['8 MiB of large ones', 700, 'x'.repeat(16_000)],
  ])('bounds what waits for a spool that refuses: %s, counts what that costs, and gives security up last', async (_, count, text) => {
    const { signals, spool, file } = await setUp()
    spool.refuses = new Error('the disk is full')
    file.refuses = new Error('the disk is full')
    const evidence = text === '' ? [] : [{ name: 'proof', text }]
    await signals.happened({ ...hostile, detector: 'd', about: 'the attack', evidence })
    for (let index = 0; index < count; index += 1) await signals.happened({ ...full(`/${index}`), detector: 'd', evidence })
    const waiting = spool.waiting.signals ?? 0
    expect([waiting <= 1_000, waiting * text.length < 8_388_608, waiting + (spool.lost.signals ?? 0)]).toEqual([true, true, count])
    expect([spool.waiting.security, spool.lost.security]).toEqual([1, undefined])
  })

  it('counts as lost what waited in memory when it was killed, unless it was remembered', async () => {
    const { signals, file, spool } = await setUp()
    spool.refuses = new Error('the disk is full')
    for (const about of ['a', 'b']) await signals.happened({ ...hostile, detector: 'd', about })
    file.refuses = new Error('the disk is full')
    for (const about of ['c', 'd', 'e']) await signals.happened({ ...hostile, detector: 'd', about })
    const again = new MemorySpool()
    again.waiting = spool.waiting
    file.refuses = undefined
    await setUp(file, again)
    expect([again.of('security').length, again.lost]).toEqual([2, { security: 3 }])
    expect(again.waiting).toEqual({ security: 0, signals: 0 })
  })

  it('remembers what waits once the disk has room for that', async () => {
    const { signals, spool, file, time } = await setUp()
    spool.refuses = new Error('the disk is full')
    file.refuses = new Error('the disk is full')
    await signals.happened({ ...hostile, detector: 'd', about: 'the attack' })
    expect(file.text).toBeUndefined()
    file.refuses = undefined
    await time.advance(11_000)
    expect(file.text).toContain('the attack')
  })

  it('speaks although it can not remember', async () => {
    const { signals, spool, file } = await setUp()
    file.refuses = new Error('the disk is full')
    await signals.report('disk-full', [full('/var')])
    expect(spool.signals()).toHaveLength(1)
  })

  it('starts anew when its memory is broken', async () => {
    const file = new MemoryFile()
    file.text = '{"v":1,"standing":"nonsense"}'
    const { signals, spool } = await setUp(file)
    await signals.report('disk-full', [full('/var')])
    expect(spool.signals()).toHaveLength(1)
  })
})

describe('what happened', () => {
  const touched = { ...hostile, detector: 'canary', occurrence: { name: 'seed path 4', at: 1_700_000_000_000.5 } }

  it('has the same id for the same occurrence, whenever it is said', async () => {
    const { signals, spool, time } = await setUp()
    await signals.happened(touched)
    await time.advance(5_000)
    await signals.happened(touched)
    await signals.happened({ ...touched, occurrence: { name: 'another', at: 1_700_000_000_000 } })
    const [first, second, third] = spool.signals()
    expect(second?.id).toBe(first?.id)
    expect(third?.id).not.toBe(first?.id)
    expect(first?.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab]/)
    expect(first?.state).toBe('happened')
  })

  it('is kept and said later when the spool refuses', async () => {
    const { signals, spool } = await setUp()
    spool.refuses = new Error('the disk is full')
    await signals.happened(touched)
    spool.refuses = undefined
    await signals.report('disk-full', [])
    expect(spool.of('security')).toHaveLength(1)
  })

  it('cuts what an attacker made too long, and never in the middle of a character', async () => {
    const { signals, spool } = await setUp()
    const long = `${'x'.repeat(1_023)}😀`.repeat(50)
    const evidence = Array.from({ length: 30 }, () => ({ name: long, text: long }))
    await signals.happened({ ...hostile, detector: 'd', about: long, summary: long, facts: { a: long, b: [long] }, evidence })
    const [signal] = spool.signals()
    expect(Signal.safeParse(signal).success).toBe(true)
    expect(signal?.about.isWellFormed()).toBe(true)
  })

  it('shortens evidence and says in it how much is missing', async () => {
    const { signals, spool } = await setUp()
    const evidence = ['short', 'é'.repeat(20_000), 'y'.repeat(20_000), 'z'].map((text, index) => ({ name: `part ${index}`, text }))
    await signals.happened({ ...hostile, detector: 'd', evidence })
    const texts = spool.signals()[0]?.evidence.map(({ text }) => text) ?? []
    expect(texts[0]).toBe('short')
    expect(texts[1]).toBe(`${'é'.repeat(16_334)}… cut, ${2 * (20_000 - 16_334)} bytes left out`)
    expect(texts[2]).toMatch(/^y{16329}… cut, 3671 bytes left out$/)
    expect(texts[3]).toBe('… cut, 1 bytes left out')
  })

  it('says in the last piece of evidence which pieces there was no room for', async () => {
    const { signals, spool } = await setUp()
    const evidence = Array.from({ length: 22 }, (_, index) => ({ name: `part ${index}`, text: 'x' }))
    await signals.happened({ ...hostile, detector: 'd', evidence })
    const kept = spool.signals()[0]?.evidence ?? []
    expect(kept).toHaveLength(20)
    expect(kept.at(-1)).toEqual({ name: '3 more pieces were left out', text: 'part 19\npart 20\npart 21' })
  })

  it.each([
    [
      'evidence that JSON writes six times as long',
      { evidence: Array.from({ length: 20 }, () => ({ name: 'n', text: '\u0001'.repeat(400_000) })) },
    ],
    [
      'facts that fill a record alone',
      { facts: Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`f${index}`, '\u0001'.repeat(4_096)])) },
    ],
  ])('is never too large for the spool, nor lost: %s', async (_, large) => {
    const { signals, spool } = await setUp()
    const evidence = [{ name: 'proof', text: '\u0001'.repeat(100_000) }]
    await signals.happened({ ...hostile, detector: 'd', evidence, ...large })
    const [body] = spool.of('security')
    expect(Buffer.byteLength(JSON.stringify(body))).toBeLessThanOrEqual(maxRecordBytes)
    const text = spool.signals()[0]?.evidence[0]?.text ?? ''
    expect(text).toMatch(/… cut, \d+ bytes left out$/)
    expect(text.length).toBeGreaterThan(5_000)
  })
})

describe('what stands', () => {
  it('is listed by lane, and again only once the last list is acknowledged', async () => {
    const { signals, spool } = await setUp()
    await signals.report('disk-full', [full('/var')])
    await signals.report('malware', [hostile])
    await signals.appendStanding()
    await signals.appendStanding()
    const standing = spool.records.filter(({ body }) => body.type === 'standing')
    expect(standing.map(({ lane, body }) => [lane, body.type === 'standing' && body.signals.map((signal) => signal.kind)])).toEqual([
      ['security', ['security.malware.found']],
      ['signals', ['health.disk.full']],
    ])
    spool.acknowledgeAll()
    await signals.appendStanding()
    expect(spool.records.filter(({ body }) => body.type === 'standing')).toHaveLength(4)
  })

  it('is listed again in a new epoch', async () => {
    const { signals, spool } = await setUp()
    await signals.appendStanding()
    spool.epoch = 'epoch-0002'
    await signals.appendStanding()
    expect(spool.records).toHaveLength(4)
  })

  it('is not listed while something of it is still unsaid: a list must not contradict what follows it', async () => {
    const { signals, spool } = await setUp()
    spool.refuses = new Error('the disk is full')
    await signals.report('disk-full', [full('/var')])
    await signals.appendStanding()
    spool.refuses = undefined
    await signals.report('memory-pressure', [])
    expect(spool.records.map(({ body }) => body.type)).toEqual(['signal', 'standing', 'standing'])
  })
})
