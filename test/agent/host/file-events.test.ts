import { describe, expect, it } from 'vitest'
import { FileEventReader, parseFileEvent } from '../../../agent/host/file-events.ts'
import { createDoubt } from '../../../agent/sense/encryption/doubt.ts'
import { clientOf } from '../../../agent/sense/encryption/shares.ts'
import { FakeTime } from '../../support/fake-time.ts'

it.each([
  ['18:37:28.991483 openssl(8455): CW  /srv/a b.enc', { pid: 8455, name: 'openssl', what: 'written', path: '/srv/a b.enc', at: 7 }],
  ['18:37:28.995536 rm(8456): D   /srv', { pid: 8456, what: 'deleted', path: '/srv' }],
  ['18:37:29.062686 unknown(8459): <>  /srv', { pid: 8459, what: 'moved' }],
  ['18:37:29.062686 cat(8459): C   /srv/a.txt', { what: 'read' }],
  ['18:37:29.062686 b(77): CW  /a(8455): C   /srv/a.txt', { pid: 8455, name: 'b(77): CW  /a', what: 'read' }],
  ['18:37:29.062686 a(b)c(1): (9): CWO /srv/(1): CW  /x', { pid: 9, path: '/srv/(1): CW  /x' }],
])('%s', (line, event) => expect(parseFileEvent(line, 7)).toMatchObject(event))

it.each(['', 'x', '18:37:29.062686', '18:37:29.062686 cat(x): C /a', 'y.txt', ' (1): CW  /x', '1 ((((((((((((((((((((((('])(
  'is silent on %j',
  (line) => expect(parseFileEvent(line, 7)).toBeUndefined(),
)

it('names the client of a share by its own process', () => {
  const status = `
Samba version 4.17.12-Debian
PID     Username     Group        Machine                                   Protocol Version  Encryption           Signing
----------------------------------------------------------------------------------------------------------------------------------------
2137    anna         users        192.0.2.7 (ipv4:192.0.2.7:50512)          SMB3_11           -                    partial(AES-128-CMAC)
2139    ben          users        pc-9 (ipv6:[2001:db8::7]:50513)           SMB3_11           -                    partial(AES-128-CMAC)
`
  expect(clientOf(status, 2137)).toEqual({ userName: 'anna', address: '192.0.2.7' })
  expect(clientOf(status, 2139)).toEqual({ userName: 'ben', address: '2001:db8::7' })
  expect(clientOf(status, 1)).toBeUndefined()
})

describe('a line break in a name', () => {
  /** What fatrace writes at `at`, in a time zone that is so many seconds behind. */
  const clock = (at: number, offsetSeconds: number): string => `${new Date(at - offsetSeconds * 1_000).toISOString().slice(11, 23)}000`

  function reading(offsetSeconds = 19_062) {
    const time = new FakeTime()
    const [events, forged]: [string[], string[]] = [[], []]
    const follower = {
      onEvent: ({ path }: { path: string }) => void events.push(path),
      onEnd: () => expect.unreachable(),
      onForged: (line: string, after: string) => void forged.push(`${line} after ${after}`),
    }
    return { time, events, forged, reader: new FileEventReader(offsetSeconds, follower, time), offsetSeconds }
  }

  it('can’t make up an event, whatever clock it guesses, and says who tried', async () => {
    const { time, events, forged, reader, offsetSeconds } = reading()
    const began = `${clock(time.now(), offsetSeconds)} eve(5): CW  /home/eve/x`
    reader.take(began)
    const guesses = [0, 3_600, 19_000, 19_059, 40_000].map((offset) => clock(time.now(), offset))
    for (const guess of guesses) reader.take(`${guess} postgres(77): CW  /srv/a.odt`)
    reader.take('the rest of an honest name')
    await time.advance(60_000)
    reader.take(`${clock(time.now(), offsetSeconds)} tar(6): CW  /srv/b`)
    expect(events).toEqual(['/home/eve/x', '/srv/b'])
    expect(forged).toHaveLength(guesses.length)
    expect(forged[0]).toContain(`after ${began}`)
  })

  it('is told apart also within the second of a true line, whose instants are each their own', () => {
    const time = new FakeTime()
    const events: [number, string][] = []
    const onEvent = ({ at, path }: { at: number; path: string }) => void events.push([at - time.now(), path])
    const reader = new FileEventReader(19_062, { onEvent, onEnd: () => expect.unreachable() }, time)
    const second = time.now() - (time.now() % 1_000) - 1_000
    const shown = (ms: number): string => clock(second + ms, 19_062)
    for (const ms of [1, 250, 999]) reader.take(`${shown(ms)} tar(6): CW  /srv/${ms}`)
    reader.take(`${shown(500).slice(0, 8)}.5000x0 tar(6): CW  /srv/none`)
    expect(events).toEqual([1, 250, 999].map((ms) => [second + ms - time.now(), `/srv/${ms}`]))
  })

  it('and midnight, a backlog and a clock that is set back are none', async () => {
    for (const offset of [0, 1, 43_200, 86_399]) {
      const { time, events, forged, reader } = reading(offset)
      for (let hour = 0; hour < 30; hour += 1) {
        const written = clock(time.now(), offset)
        await time.advance(hour % 3 === 0 ? 40_000 : 3_600_000)
        reader.take(`${written} tar(6): CW  /srv/${hour}`)
      }
      expect([events.length, forged]).toEqual([30, []])
    }
  })

  it.each([1_800, 61])('is none on the way when the clock is set back by %i s, and one that is made up then is', async (backSeconds) => {
    const { time, events, forged, reader, offsetSeconds } = reading()
    reader.take(`${clock(time.now(), offsetSeconds)} tar(6): CW  /srv/a`)
    const onTheirWay = [1, 2].map((n) => `${clock(time.now(), offsetSeconds)} tar(6): CW  /srv/before-${n}`)
    time.jump(-backSeconds * 1_000)
    const after = `${clock(time.now(), offsetSeconds)} tar(6): CW  /srv/after`
    for (const line of [onTheirWay[0] ?? '', after, onTheirWay[1] ?? '']) reader.take(line)
    expect([events, forged]).toEqual([['/srv/a', '/srv/before-1', '/srv/after', '/srv/before-2'], []])
    reader.take(`${clock(time.now(), offsetSeconds + 7_200)} postgres(77): CW  /srv/a.odt`)
    await time.advance(10_000)
    reader.take(onTheirWay[0] ?? '')
    expect(forged).toHaveLength(2)
  })

  it('is said once an hour; after twenty nobody is halted', async () => {
    const time = new FakeTime()
    const said: string[] = []
    const doubt = createDoubt(async ({ kind }) => void said.push(kind), { time, broken: () => expect.unreachable() })
    for (let n = 0; n < 20; n += 1) doubt.note('a', 'b')
    expect([said, doubt.mayHalt()]).toEqual([['security.evidence.forged'], true])
    doubt.note('a', 'b')
    expect(doubt.mayHalt()).toBe(false)
    await time.advance(3_600_000)
    expect(doubt.mayHalt()).toBe(true)
  })
})
