import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { LogonJudge } from '../../../../agent/sense/logon/judge.ts'

const sshd = (message: string, pid = 77): string => `Nov 23 09:00:00 srv sshd[${pid}]: ${message}`

function judgeAll(lines: string[], everyMs = 500) {
  const judge = new LogonJudge()
  return lines.flatMap((line, index) => judge.take(line, 1_000_000 + index * everyMs))
}

describe('counting', () => {
  it('counts one attempt once, though it writes four lines', () => {
    const attempt = (pid: number): string[] => [
      sshd('Invalid user admin from 203.0.113.9 port 22', pid),
      sshd('pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=203.0.113.9', pid),
      sshd('Failed password for invalid user admin from 203.0.113.9 port 22 ssh2', pid),
      sshd('Connection closed by invalid user admin 203.0.113.9 port 22 [preauth]', pid),
    ]
    const five = [1, 2, 3, 4, 5].flatMap(attempt)
    expect(judgeAll(five, 10)).toEqual([])
    expect(judgeAll([...five, ...attempt(6)], 10).map((event) => event.facts?.failures)).toEqual([6])
  })

  it('counts a client that offers ten keys as one attempt', () => {
    const keys = Array.from({ length: 10 }, (_, key) => sshd(`Failed publickey for kim from 10.0.0.7 port 22 ssh2: ED25519 SHA256:${key}`))
    expect(judgeAll(keys, 10)).toEqual([])
  })

  it('says an attack once, and a thousand lines later still once', () => {
    const lines = Array.from({ length: 1_000 }, (_, pid) => sshd('Failed password for root from 203.0.113.9 port 22 ssh2', pid))
    expect(judgeAll(lines, 100)).toHaveLength(1)
  })

  it('makes the internet one trouble, with its sources counted', () => {
    const lines = Array.from({ length: 1_000 }, (_, n) => sshd(`Failed password for root from 203.0.113.${n % 20} port 22 ssh2`, n))
    const said = judgeAll(lines, 500)
    expect(new Set(said.map((event) => event.fingerprint))).toEqual(new Set(['security.logon.bruteforce:outside']))
    expect(said.at(-1)?.facts).toMatchObject({ outsideSourceCount: 20, sourceIsOutside: true })
  })

  it('stays within its memory and its time under a flood from everywhere', () => {
    const started = performance.now()
    const judge = new LogonJudge()
    for (let n = 0; n < 20_000; n += 1)
      judge.take(sshd(`Failed password for user${n} from 203.${n % 250}.${n % 97}.${n % 89} port 22 ssh2`, n), n)
    expect(performance.now() - started).toBeLessThan(5_000)
  })
})

const data = join(import.meta.dirname, '../../../../../shared/data/auth-logs')
const hasData = existsSync(data)
if (!hasData) console.log('not run here: the known answers of auth-logs, because ../shared/data is not there')

interface Answer {
  test: string
  log_files: string[]
  alerts: { scenario: string; source: string; events: number }[]
}

describe.skipIf(!hasData)('known answers', () => {
  const answers = hasData ? (JSON.parse(readFileSync(join(data, 'answers.json'), 'utf8')) as Answer[]) : []
  const said = (answer: Answer) =>
    judgeAll(answer.log_files.flatMap((file) => readFileSync(join(data, answer.test, file), 'utf8').split('\n')))

  it.each(answers.filter((answer) => answer.alerts.some((alert) => /ssh|ftp/.test(alert.scenario))))('$test', (answer) => {
    const sources = new Set(answer.alerts.map((alert) => alert.source))
    const events = said(answer)
    expect(new Set(events.map((event) => event.facts?.source))).toEqual(sources)
    expect(events.map((event) => event.facts?.failures)).toEqual([answer.alerts[0]?.events])
  })

  it('sshd-logs-fp raises none', () => {
    expect(answers.filter((answer) => answer.test === 'sshd-logs-fp').flatMap(said)).toEqual([])
  })
})
