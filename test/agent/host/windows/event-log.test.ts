import { describe, expect, it } from 'vitest'
import { seconds } from '#shared/domain/time.ts'
import { type EventGap, followEventLog, type Places } from '../../../../agent/host/windows/event-log.ts'
import { FakeTime } from '../../../support/fake-time.ts'
import { FakeWindows } from '../../../support/fake-windows.ts'

function follow(windows: FakeWindows, places: Places = {}, channels = ['Security', 'System']) {
  const time = new FakeTime()
  const seen: unknown[] = []
  const gaps: EventGap[] = []
  const said: string[] = []
  const log = followEventLog(windows, {
    ...{ channels, places, time },
    follower: {
      onEvent: ({ Event: { System } }) => void seen.push(`${String(System.Channel)} ${String(System.EventRecordID)}`),
      onGap: (gap) => void gaps.push(gap),
      onGapClosed: (channel) => void said.push(`${channel} is seen`),
      onCleared: (channel, before, now) => void said.push(`${channel} cleared: ${before} → ${now}`),
      onEnd: (reason) => expect.unreachable(reason),
    },
  })
  const turns = async (count = 10) => {
    for (let turn = 0; turn < count; turn += 1) await time.advance(seconds(1))
  }
  return { log, seen, gaps, said, turns }
}

const filled = (count: number, channel = 'Security'): FakeWindows => {
  const windows = new FakeWindows()
  for (let turn = 0; turn < count; turn += 1) windows.write({ EventID: 1, Channel: channel })
  return windows
}

describe('Windows’ event log', () => {
  it('is followed from where it stands, each event once, over a restart too', async () => {
    const windows = filled(3)
    const first = follow(windows)
    windows.write({ EventID: 1, Channel: 'Security' })
    await first.turns()
    first.log.stop()
    expect(first.seen).toEqual(['Security 4'])
    windows.write({ EventID: 1, Channel: 'Security' })
    const second = follow(windows, first.log.places())
    await second.turns()
    expect([second.seen, second.gaps, second.said]).toEqual([['Security 5'], [], []])
  })

  it('keeps the place of a log in which nothing happened', async () => {
    const windows = filled(3)
    const first = follow(windows)
    await first.turns()
    first.log.stop()
    windows.write({ EventID: 1, Channel: 'Security' })
    const second = follow(windows, first.log.places())
    await second.turns()
    expect(second.seen).toEqual(['Security 4'])
  })

  it('says once which log is missing or forbidden, goes on with the others, and says when it is there', async () => {
    const windows = filled(0)
    windows.refusedNow = new Map([
      ['Security', 5],
      ['Microsoft-Windows-Sysmon/Operational', 15_007],
    ])
    const { seen, gaps, said, turns } = follow(windows, {}, ['Security', 'System', 'Microsoft-Windows-Sysmon/Operational'])
    windows.write({ EventID: 1, Channel: 'System' })
    await turns(700)
    expect(seen).toEqual(['System 1'])
    expect(gaps).toEqual([
      { channel: 'Security', why: 'forbidden', reason: 'the log Security may not be read by the user this agent runs as' },
      { channel: 'Microsoft-Windows-Sysmon/Operational', why: 'missing', reason: expect.stringContaining('has no log') },
    ])
    windows.refusedNow.clear()
    await turns(700)
    expect(said.toSorted()).toEqual(['Microsoft-Windows-Sysmon/Operational is seen', 'Security is seen'])
  })

  it('goes on where it was when the log service was away', async () => {
    const windows = filled(0)
    const { seen, gaps, turns } = follow(windows)
    windows.write({ EventID: 1, Channel: 'Security' })
    await turns()
    windows.refusedNow.set('Security', 1_722)
    await turns()
    windows.write({ EventID: 1, Channel: 'Security' })
    windows.refusedNow.clear()
    await turns(60)
    expect(seen).toEqual(['Security 1', 'Security 2'])
    expect(gaps.map(({ why }) => why)).toEqual(['broken'])
  })

  it('notices a log whose numbers fall back, while it runs and while it was off', async () => {
    const windows = filled(5)
    const { log, seen, said, turns } = follow(windows, { Security: 5 })
    windows.clear('Security')
    windows.write({ EventID: 1102, Channel: 'Security' })
    await turns()
    expect([seen, said]).toEqual([['Security 1'], ['Security cleared: 5 → 1']])
    log.stop()
    const later = follow(windows, { Security: 900 })
    await later.turns()
    expect([later.seen, later.said]).toEqual([['Security 1'], ['Security cleared: 900 → 1']])
  })

  it('counts what was overwritten before it was read', async () => {
    const windows = filled(20)
    windows.overwrite('Security', 15)
    const { seen, gaps, turns } = follow(windows, { Security: 10 })
    await turns()
    expect(seen).toHaveLength(5)
    expect(gaps).toEqual([
      { channel: 'Security', why: 'lost', reason: '5 records of the log Security were gone before they could be read' },
    ])
  })

  it('reads a loud log in turns and keeps nobody waiting behind it', async () => {
    const windows = filled(0)
    const { seen, turns } = follow(windows)
    for (let turn = 0; turn < 3_000; turn += 1) windows.write({ EventID: 1, Channel: 'Security' })
    windows.write({ EventID: 1, Channel: 'System' })
    await turns(3)
    expect(seen.indexOf('System 1')).toBeLessThan(600)
    await turns(60)
    expect(seen).toHaveLength(3_001)
  })

  it('passes over what is too large, says so, and takes it for nothing else', async () => {
    const windows = filled(1)
    const { seen, gaps, said, turns } = follow(windows, { Security: 1 })
    windows.write({ EventID: 1, Channel: 'Security' })
    windows.writeXml('Security', 3, '')
    await turns()
    windows.writeXml('Security', 4, '')
    windows.write({ EventID: 1, Channel: 'Security' })
    await turns()
    expect([seen, said]).toEqual([['Security 2', 'Security 5'], []])
    expect(gaps.map(({ why, reason }) => `${why}: ${reason}`)).toEqual(
      Array(2).fill('lost: 1 records of the log Security were too large to be read'),
    )
  })

  it('is no worse for what is no event', async () => {
    const windows = filled(0)
    const { seen, turns } = follow(windows)
    windows.writeXml('Security', 1, '<Event><System><EventID>1</EventID>')
    windows.write({ EventID: 1, Channel: 'Security' })
    await turns()
    expect(seen).toEqual(['Security 2'])
  })
})
