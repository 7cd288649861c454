import { describe, expect, it } from 'vitest'
import { isOutside, normalised } from '../../../../agent/sense/logon/address.ts'
import { readLogonLine } from '../../../../agent/sense/logon/read-line.ts'

const sshd = (message: string): string => `Nov 23 09:00:00 srv sshd[77]: ${message}`
const read = (line: string) => {
  const found = readLogonLine(line)
  return found && [found.outcome, found.source, found.userName, found.count]
}

describe('a line of a log', () => {
  it.each([
    [sshd('Failed password for root from 203.0.113.9 port 22 ssh2'), ['failed', '203.0.113.9', 'root', 1]],
    [sshd('Failed password for invalid user admin from 2001:db8::1 port 22 ssh2'), ['failed', '2001:db8::1', 'admin', 1]],
    [sshd('Failed publickey for kim from 10.0.0.7 port 22 ssh2: ED25519 SHA256:abc'), ['failed', '10.0.0.7', 'kim', 1]],
    [sshd('User root from 192.168.1.1 not allowed because not listed in AllowUsers'), ['failed', '192.168.1.1', 'root', 1]],
    [sshd('Connection closed by authenticating user root 203.0.113.9 port 22 [preauth]'), ['failed', '203.0.113.9', 'root', 1]],
    [
      sshd('error: maximum authentication attempts exceeded for invalid user x from ::ffff:203.0.113.9 port 22 ssh2 [preauth]'),
      ['failed', '203.0.113.9', 'x', 1],
    ],
    [sshd('message repeated 5 times: [ Failed password for root from 203.0.113.9 port 22 ssh2]'), ['failed', '203.0.113.9', 'root', 5]],
    [
      sshd('message repeated 99999999 times: [ Failed password for root from 203.0.113.9 port 22 ssh2]'),
      ['failed', '203.0.113.9', 'root', 1_000],
    ],
    [
      sshd('PAM 2 more authentication failures; logname= uid=0 euid=0 tty=ssh ruser= rhost=203.0.113.9  user=root'),
      ['failed', '203.0.113.9', 'root', 2],
    ],
    [sshd('Accepted publickey for kim from 10.0.0.7 port 22 ssh2: ED25519 SHA256:abc'), ['accepted', '10.0.0.7', 'kim', 1]],
    [
      '2026-11-23T09:00:00.123456+01:00 srv sshd-session[77]: Invalid user  from 203.0.113.9 port 22',
      ['failed', '203.0.113.9', undefined, 1],
    ],
    [
      'Nov 23 09:00:00 srv su[9]: pam_unix(su:auth): authentication failure; logname=kim uid=1000 euid=0 tty=pts/0 ruser=kim rhost=  user=root',
      ['failed', 'this machine', 'root', 1],
    ],
    ['Mon Jun  8 12:08:53 2020 [pid 27244] [user] OK LOGIN: Client "::ffff:93.24.101.89"', ['accepted', '93.24.101.89', 'user', 1]],
  ])('%s', (line, expected) => {
    expect(read(line)).toEqual(expected)
  })

  it.each([
    sshd('Close session: user ansible from 192.168.1.1 port 34928 id 0'),
    sshd('Disconnected from user ansible 192.168.1.1 port 34928'),
    sshd('Connection closed by 118.27.24.104 port 33594 [preauth]'),
    sshd('Failed none for root from 203.0.113.9 port 22 ssh2'),
    'Nov 23 09:00:00 srv cron[77]: Failed password for root from 203.0.113.9 port 22 ssh2',
    'not a log line at all',
    '',
  ])('is about something else: %s', (line) => {
    expect(readLogonLine(line)).toBeUndefined()
  })

  it.each([
    [sshd('Failed password for invalid user root from 1.2.3.4 port 1 ssh2 from 203.0.113.9 port 22 ssh2'), '203.0.113.9'],
    [sshd('Failed password for invalid user x from 1.2.3.4 port 1 ssh2: y from 203.0.113.9 port 22 ssh2'), '203.0.113.9'],
    [sshd('Invalid user a from 1.2.3.4 port 9 from 203.0.113.9 port 22'), '203.0.113.9'],
    [sshd('Invalid user x\u001b[31m<script>alert(1)</script> from 203.0.113.9 port 22'), '203.0.113.9'],
    ['Mon Jun 8 12:08:53 2020 [pid 1] [a] FAIL LOGIN: Client "1.2.3.4"] FAIL LOGIN: Client "203.0.113.9"', '203.0.113.9'],
  ])('names its real source, whatever the user name says: %s', (line, source) => {
    expect(readLogonLine(line)?.source).toBe(source)
  })

  it('that a user name makes look accepted is not', () => {
    expect(readLogonLine(sshd('Invalid user Accepted password for root from 1.2.3.4 port 1 ssh2 from 203.0.113.9 port 22'))?.outcome).toBe(
      'failed',
    )
  })

  it('made to be slow is read at once', () => {
    const started = performance.now()
    for (const filler of [' from', ' rhost=', ' ', 'a ', ': '])
      readLogonLine(sshd(`Failed password for ${filler.repeat(16_000 / filler.length)}`))
    expect(performance.now() - started).toBeLessThan(500)
  })
})

describe('a source', () => {
  it.each(['10.1.2.3', '172.31.0.1', '192.168.1.1', '127.0.0.1', '100.64.0.1', 'fd00::1', 'fe80::1', '::1', 'this machine'])(
    '%s is inside',
    (source) => {
      expect(isOutside(normalised(source))).toBe(false)
    },
  )

  it.each(['172.32.0.1', '203.0.113.9', '2001:db8::1', 'pc.example.com', '192.168.1.1.example.com'])('%s is outside', (source) => {
    expect(isOutside(normalised(source))).toBe(true)
  })
})
