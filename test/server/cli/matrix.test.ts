import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { minutes, seconds } from '#shared/domain/time.ts'
import { tierline } from '../../support/command-line.ts'
import { type DeskRoom, matrixFile, openDeskRoom } from '../../support/desk-room.ts'
import { startProgram } from '../../support/program.ts'

const folder = await mkdtemp(join(tmpdir(), 'tierline-matrix-'))
const golden = join(import.meta.dirname, '../../golden/matrix')
const yaml = await readFile(matrixFile, 'utf8')
afterAll(() => rm(folder, { recursive: true, force: true }))

const matrix = (...args: string[]) => tierline('matrix', ...args)

/** The same as a process of its own, on a machine that may be busy. */
async function program(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const started = startProgram(['matrix', ...args])
  return { code: await started.ended, out: started.output(), err: started.errors() }
}
vi.setConfig({ testTimeout: 60_000 })
async function file(name: string, text: string): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, text)
  return path
}

describe('tierline matrix check', () => {
  it('says that the matrix that ships is good', async () => {
    expect(await program('check', matrixFile)).toMatchObject({
      code: 0,
      out: expect.stringMatching(/is good: \d+ routes, 8 teams/),
      err: '',
    })
  })

  it('says what is wrong with another, by line and column, and what it is warned of', async () => {
    const bad = await file('bad.yaml', yaml.replace('team: tier2', 'team: tier9'))
    const { code, err } = await matrix('check', bad)
    expect([code, err.trim()]).toEqual([1, expect.stringMatching(/bad\.yaml:\d+:5 routes\.\d+\.team: there is no team "tier9"$/)])
    const needless = '  - { name: own, kind: health.printer, severity: info, becomes: record, team: tier1 }\n  - name: rest-info\n'
    const warned = await matrix('check', await file('warned.yaml', yaml.replace('  - name: rest-info\n', needless)))
    expect(warned).toMatchObject({ code: 0, out: expect.stringContaining('it changes nothing: “rest-info” below takes the same') })
  })

  it('names a file that is not there', async () => {
    expect(await program('check', '/nowhere.yaml')).toMatchObject({
      code: 1,
      err: expect.stringContaining("/nowhere.yaml:1:1 it can't be read"),
    })
  })
})

describe('tierline matrix test', () => {
  it.each(['cases.yaml', 'rows.yaml'])('plays %s of the matrix that ships', async (cases) => {
    expect(await matrix('test', matrixFile, join(golden, cases))).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^\d+ cases came out as expected/),
    })
  })

  it('says what came out differently, and ends with 1', async () => {
    const lax = await file('lax.yaml', yaml.replace('P3: { box: 15m, from: work, to: tier2 }', 'P3: { box: 45m, from: work, to: tier2 }'))
    const { code, out, err } = await matrix('test', lax, join(golden, 'cases.yaml'))
    expect([code, err]).toEqual([1, '1 of 23 cases came out differently.\n'])
    expect(out).toBe(
      [
        '✗ 13 Excel hangs; taken at 09:20, unsolved at 09:35',
        '    2026-11-23T09:20 box: expected "2026-11-23T09:35", found "2026-11-23T10:05"',
        '    2026-11-23T09:35 tier: expected "tier2", found "tier1"',
        '    2026-11-23T09:35 escalated: expected "time-box", found null',
        '',
      ].join('\n'),
    )
  })

  it('names the line of a case that is none', async () => {
    const cases = await file('cases.yaml', 'cases:\n  - name: x\n    signal: { kind: a.b, severity: high }\n    expect: { prority: P1 }\n')
    expect(await matrix('test', matrixFile, cases)).toMatchObject({
      code: 1,
      err: expect.stringMatching(/cases\.yaml:4:15 .*prority: nobody knows/),
    })
  })
})

describe('tierline matrix explain', () => {
  const of = ['--zone', 'Europe/Berlin', '--at', '2026-11-27T17:30']

  it('says which rule, why, and until when', async () => {
    const signal = await file(
      'disk.json',
      JSON.stringify({ kind: 'health.disk.full', severity: 'medium', state: 'raised', fingerprint: 'x' }),
    )
    const { out } = await matrix('explain', matrixFile, '--signal', signal, '--role', 'server', ...of)
    expect(out).toMatch(/Becomes\s+a P3 of tier1 \(tier1\), by the route “disk-full”/)
    expect(out).toContain('The route “disk-full” applies because the kind is health.disk.full and its severity is medium.')
    expect(out).toMatch(
      /Respond by\s+2026-11-30T09:30\n\s+Resolve by\s+2026-12-01T17:30\n\s+Time-box\s+begins when somebody takes it, then tier2/,
    )
  })

  it('says how far a containment goes, and what becomes no ticket', async () => {
    const canary = await file(
      'canary.json',
      JSON.stringify({ kind: 'security.ransomware.canary', severity: 'critical', facts: { change: 'unreadable' } }),
    )
    expect((await matrix('explain', matrixFile, '--signal', canary, '--role', 'server', ...of)).out).toMatch(
      /Contains\s+asks people; unanswered until 2026-11-27T17:33: isolates/,
    )
    const lid = await file('lid.json', JSON.stringify({ kind: 'presence.silent', severity: 'info' }))
    expect((await matrix('explain', matrixFile, '--signal', lid)).out).toMatch(/Becomes\s+kept on the history; no ticket/)
  })

  it.each([
    [['--signal', '/nowhere.json'], /nowhere\.json can't be read/],
    [['--role', 'server'], /Name a signal/],
  ])('refuses %j with one sentence', async (flags, sentence) => {
    expect(await matrix('explain', matrixFile, ...flags)).toMatchObject({ code: 1, err: expect.stringMatching(sentence) })
  })
})

describe('beside a collector', () => {
  let room: DeskRoom
  const data = join(folder, 'data')
  beforeAll(async () => {
    await mkdir(data)
    room = await openDeskRoom({ url: `sqlite:${join(data, 'tierline.db')}`, startsAt: new Date().toISOString() })
    await room.signals(
      { kind: 'health.disk.full', endpointId: 'srv', severity: 'medium' },
      { kind: 'health.crash', endpointId: 'ws', severity: 'medium' },
    )
    const person = { id: 'ada', name: 'Ada' }
    await room.desk.open({ organisationId: 'acme', title: 'My printer is on fire', text: '', urgency: 'high', person })
  })
  afterAll(() => room.close())

  const own = () =>
    file(
      'own.yaml',
      yaml
        .replace(
          'team: { workstation: tier1, server: tier1, core: tier2 }\n    page: no\n  - name: disk-nearly-out',
          'team: tier3\n    page: no\n  - name: disk-nearly-out',
        )
        .replace('  - name: request\n', '  - { name: fire, kind: request.*, words: on fire, team: field }\n  - name: request\n'),
    )

  it('diff says which recorded tickets would have gone elsewhere, and writes nothing', async () => {
    const { code, out } = await matrix('diff', matrixFile, await own(), '--replay', '--data', data)
    expect(code).toBe(0)
    expect(out.split('\n').sort()).toEqual([
      '',
      expect.stringMatching(/^#\d health\.disk\.full on srv-host: P3 tier1 → P3 tier3 \(disk-full → disk-full\)$/),
      expect.stringMatching(/^#\d request\.desk: P3 tier1 → P3 field \(request → fire\)$/),
      '2 of 3 tickets would have gone elsewhere.',
    ])
    expect(await room.store.db.selectFrom('matrix_versions').select('version').execute()).toHaveLength(1)
    expect((await matrix('diff', matrixFile, await own())).out).toBe('+ fire\n~ disk-full\n')
  })

  it('replay finds every recorded decision again', async () => {
    expect(await matrix('replay', '--data', data)).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^\d+ decisions on 3 tickets came out as they were made\.\n$/),
    })
  })

  it('simulate plays what came to it', async () => {
    const { code, out } = await matrix('simulate', matrixFile, '--history', '--days', '2', '--data', data, '--json')
    expect([code, JSON.parse(out)]).toMatchObject([0, { runs: [{ tickets: 3 }] }])
  })

  it('set puts it in force within seconds, and show shows it', async () => {
    const stop = room.matrices.watch(pino({ level: 'silent' }))
    const path = await own()
    expect(await matrix('set', path, '--data', data)).toMatchObject({ code: 0, out: expect.stringContaining('Version 2 is in force.') })
    await room.time.advance(seconds(3))
    await expect.poll(() => room.matrices.rules.matrix.version).toBe(2)
    await stop()
    expect(await matrix('show', '--data', data)).toMatchObject({
      out: await readFile(path, 'utf8'),
      err: expect.stringMatching(/^version 2, .*, by command line\nversion 1, .*, by system\n$/),
    })
    expect((await matrix('show', '1', '--data', data)).out).toBe(yaml)
    expect(await matrix('show', '9', '--data', data)).toMatchObject({ code: 1, err: 'There is no version 9.\n' })
  })

  it('replan says which open tickets would take over the plan in force, and asks the collector for it', async () => {
    const plans = async () => (await room.store.db.selectFrom('tickets').select('plan_version').execute()).map((row) => row.plan_version)
    const foreseen = await matrix('replan', '--data', data)
    expect(foreseen.out).toMatch(
      /^(#\d P\d tier\d, version 1 → 2: the same promises\n){3}3 open tickets would .* of version 2\. Nothing was written; --yes lets them\.\n$/,
    )
    expect(await plans()).toEqual([1, 1, 1])
    expect((await matrix('replan', '--yes', '--data', data)).out).toContain(
      '3 open tickets will have the plan of version 2 within a minute',
    )
    await room.time.advance(minutes(3))
    expect(await plans()).toEqual([2, 2, 2])
    expect((await matrix('replan', '--data', data)).out).toBe('Every open ticket has the plan of version 2.\n')
  })

  it('set refuses a bad one, and the one in force stays', async () => {
    const bad = await file('bad.yaml', yaml.replace('P3: digest', 'P3: never'))
    expect(await matrix('set', bad, '--data', data)).toMatchObject({ code: 1, err: expect.stringMatching(/bad\.yaml:\d+:\d+ promises/) })
    expect((await matrix('show', '--data', data)).err).toMatch(/^version 2/)
  })
})
