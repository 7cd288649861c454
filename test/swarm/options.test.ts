import { describe, expect, it } from 'vitest'
import { checkOpenFiles, readSettings, usage } from './options.ts'

describe('the flags of the swarm', () => {
  it('are all optional: a hundred agents, a collector of its own, a minute', () => {
    expect(readSettings([])).toEqual({
      ...{ agents: 100, collector: { kind: 'own' }, spool: 'disk', sampleEverySeconds: 10, signalsPerSecond: 0 },
      ...{ rampSeconds: 0.2, seconds: 60, seed: 1 },
    })
  })

  it('name a collector that runs by its folder, and where else it can be reached', () => {
    const { collector } = readSettings(['--data', '/srv/tierline', '--collector', 'https://rmm.example.org:7843']) as never
    expect(collector).toEqual({ kind: 'running', dataDir: '/srv/tierline', database: 'sqlite', url: 'https://rmm.example.org:7843' })
  })

  it('are all said by --help', () => {
    expect(readSettings(['--help'])).toBe('help')
    const flags = 'agents start data database collector spool sample-every signals ramp seconds seed'.split(' ')
    expect(flags.filter((flag) => !usage.includes(`--${flag} `))).toEqual([])
  })

  it.each([
    [['--agents', '3.5'], '--agents is "3.5"; it must be a whole number from 1 to 100000.'],
    [['--agents', ''], '--agents is ""; it must be a whole number from 1 to 100000.'],
    [['--signals', 'many'], '--signals is "many"; it must be a number from 0 to 100000.'],
    [['--spool', 'tape'], '--spool is "tape"; it must be "disk" or "memory".'],
    [['--collector', 'https://a:1'], '--collector needs --data, the folder of that collector.'],
    [['--data', '/d', '--collector', 'a:1'], '--collector is "a:1"; it must be a URL such as https://127.0.0.1:7843.'],
    [['--start', '--data', '/d'], '--start makes a collector of its own, and --data names one that runs: choose one of them.'],
    [['--bogus'], /Unknown option '--bogus'/],
  ])('answer %j with one sentence', (args, sentence) => {
    expect(() => readSettings(args)).toThrow(sentence)
  })
})

describe('open files', () => {
  it('are counted before anything starts, with what to do about it', () => {
    expect(() => checkOpenFiles({ agents: 10_000, spool: 'disk' }, 20_000)).toThrow(
      '10000 agents need 40200 open files, and this process may have 20000: allow more with ulimit -n, or keep the spools in memory with --spool memory.',
    )
    expect(() => checkOpenFiles({ agents: 10_000, spool: 'memory' }, 8_000)).toThrow('allow more with ulimit -n.')
    expect(() => checkOpenFiles({ agents: 10_000, spool: 'memory' }, 20_000)).not.toThrow()
  })
})
