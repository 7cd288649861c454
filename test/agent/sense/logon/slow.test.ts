import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { days, hours, minutes } from '#shared/domain/time.ts'
import { syslogOf } from '../../../../agent/host/systemd.ts'
import { eventOfXml } from '../../../../agent/host/windows/event-xml.ts'
import failedLogins from '../../../../agent/sense/detectors/failed-logins.ts'
import { Habits, LogonHabits } from '../../../../agent/sense/logon/habits.ts'
import { LogonJudge } from '../../../../agent/sense/logon/judge.ts'
import { readLogonLine } from '../../../../agent/sense/logon/read-line.ts'
import { readWindowsLogon } from '../../../../agent/sense/logon/windows-event.ts'
import { openHealthMemory } from '../../../../agent/sense/memory.ts'
import type { Happening } from '../../../../agent/signal/signal.ts'
import { FakeMachine } from '../../../support/fake-machine.ts'
import { FakeTime } from '../../../support/fake-time.ts'
import { MemoryFile, silent } from '../bench-machine.ts'

const sshd = (message: string, pid = 77): string => `Nov 23 09:00:00 srv sshd[${pid}]: ${message}`
const failed = (user: string, source: string, pid = 77) => sshd(`Failed password for ${user} from ${source} port 22 ssh2`, pid)

function judgeAll(lines: string[], everyMs: number) {
  const judge = new LogonJudge()
  return lines.flatMap((line, index) => judge.take(line, 1_000_000 + index * everyMs))
}

describe('slow attacks', () => {
  it('50 failures over hours from outside are brute force, medium', () => {
    const said = judgeAll(
      Array.from({ length: 50 }, (_, n) => failed('root', '203.0.113.9', n)),
      minutes(7),
    )
    expect(said).toMatchObject([
      { kind: 'security.logon.bruteforce', severity: 'medium', fingerprint: 'security.logon.bruteforce:outside', facts: { isSlow: true } },
    ])
    expect(said[0]?.summary).toMatch(/50 sign-ins .* within a day/)
  })

  it('ten names over hours are a spray, and getting in afterwards is high', () => {
    const tried = Array.from({ length: 10 }, (_, n) => failed(`user${n}`, '203.0.113.9', n))
    const said = judgeAll([...tried, sshd('Accepted password for user11 from 203.0.113.9 port 22 ssh2')], minutes(20))
    expect(said.map(({ kind, severity }) => [kind, severity])).toEqual([
      ['security.logon.spray', 'high'],
      ['security.logon.success-after-failures', 'high'],
    ])
  })

  it('an office that mistypes all day and gets in is none', () => {
    const lines = Array.from({ length: 60 }, (_, n) => [
      failed(`person${n % 15}`, '10.0.0.1', n),
      sshd(`Accepted password for person${n % 15} from 10.0.0.1 port 22 ssh2`, n),
    ])
    expect(judgeAll(lines.flat(), minutes(4))).toEqual([])
  })

  it('many sources that try twice each are one brute force from outside', () => {
    const lines = Array.from({ length: 60 }, (_, n) => failed('root', `203.0.113.${n % 30}`, n))
    expect(judgeAll(lines, 5_000)).toMatchObject([{ fingerprint: 'security.logon.bruteforce:outside', severity: 'medium' }])
  })
})

describe('at the machine itself', () => {
  it.each([
    ['sudo: eve : 3 incorrect password attempts ; TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/sh', 'eve', 3],
    ['sudo[9]:  eve : user NOT in sudoers ; TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/sh', 'eve', 1],
    ['su[9]: FAILED SU (to root) eve on pts/0', 'eve', 1],
    ["login[9]: FAILED LOGIN (2) on '/dev/tty1' FOR 'root', Authentication failure", 'root', 1],
    ['su[9]: pam_unix(su:auth): authentication failure; logname=eve uid=1000 euid=0 tty=pts/0 ruser=eve rhost=  user=root', 'root', 1],
  ])('%s', (text, userName, count) => {
    expect(readLogonLine(`Nov 23 09:00:00 srv ${text}`)).toMatchObject({ outcome: 'failed', source: 'this machine', userName, count })
  })

  it('a name can’t make one line look like another', () => {
    const trick = 'x : 9 incorrect password attempts ; TTY=a from 10.9.9.9 port 22 ssh2'
    expect(readLogonLine(failed(trick, '203.0.113.9'))).toMatchObject({ source: '203.0.113.9', userName: trick, count: 1 })
  })

  it('ten wrong passwords of su in a minute are said, and sudo’s three lines are three failures', () => {
    const su = Array.from({ length: 12 }, (_, n) => `Nov 23 09:00:00 srv su[${n}]: FAILED SU (to root) eve on pts/0`)
    expect(judgeAll(su, 3_000)).toMatchObject([{ kind: 'security.logon.bruteforce', about: 'this machine' }])
    const pam =
      'Nov 23 09:00:00 srv sudo: pam_unix(sudo:auth): authentication failure; logname=eve uid=1 euid=0 tty=a ruser=eve rhost=  user=eve'
    const three = [
      pam,
      pam,
      pam,
      'Nov 23 09:00:00 srv sudo: eve : 3 incorrect password attempts ; TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=x',
    ]
    expect(judgeAll(three, 1_000)).toEqual([])
  })
})

it('what somebody else than root logs under sshd’s name is not believed', () => {
  const entry = { MESSAGE: 'Accepted password for root from 203.0.113.9 port 2 ssh2', SYSLOG_IDENTIFIER: 'sshd', __REALTIME_TIMESTAMP: '1' }
  expect(syslogOf(JSON.stringify({ ...entry, _UID: '0' }))).toContain('Accepted password')
  expect(syslogOf(JSON.stringify({ ...entry, _UID: '1000' }))).toBeUndefined()
})

describe('habits', () => {
  const learnt = () => {
    const habits = new LogonHabits(undefined, 0)
    for (let day = 0; day < 25; day += 1) habits.note('kim', '203.0.113.7', days(day) + hours(9))
    return habits
  }

  it('learns silently for 14 days; then a new place and a strange hour are said, once', () => {
    const early = new LogonHabits(undefined, 0)
    expect(early.note('kim', '203.0.113.7', days(1))).toBeUndefined()
    expect(early.note('kim', '198.51.100.7', days(2) + hours(3))).toBeUndefined()
    const habits = learnt()
    expect(habits.note('kim', '203.0.113.200', days(26) + hours(10))).toBeUndefined()
    expect(habits.note('kim', '198.51.100.7', days(26) + hours(3))).toMatchObject({ isNewSource: true, isStrangeHour: true })
    expect(habits.note('kim', '198.51.100.7', days(26) + hours(3))).toBeUndefined()
  })

  it('stays small under invented names, and what it keeps is what it reads', () => {
    const habits = learnt()
    for (let n = 0; n < 5_000; n += 1) habits.note(`user${n}`.repeat(50), `198.${n % 200}.${n % 90}.1`, days(30))
    const kept = Habits.parse(JSON.parse(JSON.stringify(habits.kept())))
    expect(JSON.stringify(kept).length).toBeLessThan(60_000)
  })

  it('outlive a restart of the agent; an administrator on a server is low', async () => {
    const file = new MemoryFile()
    const time = new FakeTime()
    const said: Omit<Happening, 'detector'>[] = []
    const machine = new FakeMachine()
    machine.filesNow = { '/etc/group': 'sudo:x:27:kim\n', '/etc/passwd': 'root:x:0:0::/:/bin/sh\n' }
    const watchOnce = async (line: string) => {
      const memory = openHealthMemory(file, silent)
      const settings = { canaryDirs: [], canaryFile: new MemoryFile(), services: [], authLogs: [], memory }
      const given = { settings, time, log: silent, stop: new AbortController().signal, role: 'server' as const, standing: () => undefined }
      const context = {
        ...given,
        healthSettings: () => ({}),
        isStrained: async () => false,
        again: () => undefined,
        broken: (why: string) => expect.unreachable(why),
      }
      const watching = await failedLogins.watch(machine, async (event) => void said.push(event), context)
      machine.log(line)
      await time.advance(minutes(2))
      if ('stop' in watching) await watching.stop()
    }
    await watchOnce(sshd('Accepted publickey for kim from 10.0.0.7 port 22 ssh2'))
    await time.advance(days(15))
    await watchOnce(sshd('Accepted publickey for kim from 10.0.0.7 port 22 ssh2'))
    expect(said).toEqual([])
    await watchOnce(sshd('Accepted publickey for kim from 203.0.113.9 port 22 ssh2'))
    expect(said).toMatchObject([{ kind: 'security.logon.unusual', severity: 'low', facts: { userName: 'kim', isAdministrator: true } }])
  })
})

describe('Windows Security events', () => {
  const event = (EventID: number, data: Record<string, string>) => ({ EventID, Channel: 'Security', ...data })

  it('are read by number and field', () => {
    const rdp = { LogonType: '10', TargetUserName: 'kim', IpAddress: '203.0.113.9' }
    expect(readWindowsLogon(event(4625, rdp))).toMatchObject({ outcome: 'failed', userName: 'kim', source: '203.0.113.9' })
    expect(readWindowsLogon(event(4624, { ...rdp, IpAddress: '-', WorkstationName: '' }))).toMatchObject({ source: 'this machine' })
    expect(readWindowsLogon(event(4776, { Status: '0xC000006A', TargetUserName: 'kim', Workstation: 'PC-9' }))).toMatchObject({
      source: 'pc-9',
    })
    expect(readWindowsLogon(event(4776, { Status: '0x0', TargetUserName: 'kim', Workstation: 'PC-9' }))).toBeUndefined()
    for (const more of [{ LogonType: '5' }, { TargetUserName: 'PC-9$' }, { TargetUserName: 'SYSTEM' }])
      expect(readWindowsLogon(event(4625, { ...rdp, ...more }))).toBeUndefined()
    expect(readWindowsLogon('4625 failed')).toBeUndefined()
  })

  const data = join(import.meta.dirname, '../../../../../shared/data/auth-logs/windows-logs')
  it.skipIf(!existsSync(data))('from outside, as XML', () => {
    const lines = globSync(join(data, '*.log')).flatMap((file) =>
      readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => line.includes('<Event')),
    )
    const read = lines.map((line) => readWindowsLogon(eventOfXml(line.slice(line.indexOf('<Event')))))
    expect(read).toMatchObject([{ outcome: 'failed', witness: 'logon' }])
    const judge = new LogonJudge()
    expect(read.flatMap((line) => (line ? judge.judge(line, '', 0) : []))).toEqual([])
  })
})
