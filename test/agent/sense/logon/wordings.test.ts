import { describe, expect, it } from 'vitest'
import { LogonJudge } from '../../../../agent/sense/logon/judge.ts'
import { readLogonLine } from '../../../../agent/sense/logon/read-line.ts'

/* How other versions and other programs say what sshd of Debian says. */
const at = 'Nov 23 10:00:01 host '
const address = '203.0.113.5'
const local = 'this machine'
const pam = 'logname= uid=0 euid=0 tty=ssh ruser='
const said = (line: string) => {
  const found = readLogonLine(line)
  return found && [found.outcome, found.source, found.userName, found.count]
}

describe('a log-on that failed', () => {
  it.each<[string, string, string | undefined]>([
    [`${at}sshd[1]: Invalid user from ${address} port 4242`, address, undefined],
    [`${at}sshd[1]: Invalid user  from ${address} port 4242`, address, undefined],
    [`${at}sshd[1]: Failed none for invalid user x from ${address} port 1 ssh2`, address, 'x'],
    [`${at}sshd[1]: Failed password for root from ${address} port 1 ssh2 [preauth]`, address, 'root'],
    [
      `${at}sshd-session[1]: Disconnecting authenticating user root ${address} port 1: Too many authentication failures [preauth]`,
      address,
      'root',
    ],
    [`${at}sshd[1]: Disconnecting invalid user a b ${address} port 1: Too many authentication failures [preauth]`, address, 'a b'],
    [`${at}sshd[1]: Disconnecting: Too many authentication failures for root from ${address} port 1 ssh2 [preauth]`, address, 'root'],
    [`${at}sshd[1]: ROOT LOGIN REFUSED FROM ${address} port 22`, address, undefined],
    [`Jun 14 15:16:01 combo sshd(pam_unix)[19939]: authentication failure; ${pam} rhost=${address} `, address, undefined],
    [`Jun 15 02:04:59 combo sshd(pam_unix)[20882]: authentication failure; ${pam} rhost=${address}  user=root`, address, 'root'],
    [`Jun 20 03:40:59 combo gdm(pam_unix)[2803]: authentication failure; ${pam} rhost= `, local, undefined],
    [`${at}gdm-password][1]: pam_unix(gdm-password:auth): authentication failure; ${pam} rhost=  user=eve`, local, 'eve'],
    [`Jun 20 03:40:59 combo klogind[8555]: Authentication failed from ${address} (${address}): Permission denied`, address, undefined],
    [`${at}su: BAD SU eve to root on /dev/pts/0`, local, 'eve'],
    [`${at}su[1]: - /dev/pts/0 eve:root`, local, 'eve'],
    [`${at}login: FAILED LOGIN 1 FROM (null) FOR root, Authentication failure`, local, 'root'],
    [`${at}dropbear[1]: Bad password attempt for 'root' from ${address}:4242`, address, 'root'],
    [`${at}dropbear[1]: Login attempt for nonexistent user from 2001:db8::1:4242`, '2001:db8::1', undefined],
    [`${at}postfix/smtpd[1]: warning: unknown[${address}]: SASL LOGIN authentication failed: UGFzc3dvcmQ6`, address, undefined],
    [
      `${at}postfix/smtps/smtpd[1]: warning: h.example[${address}]: SASL PLAIN authentication failed: (reason), sasl_username=eve`,
      address,
      'eve',
    ],
    [`${at}proftpd[1]: host (${address}[${address}]) - USER eve (Login failed): Incorrect password`, address, 'eve'],
    [`${at}pure-ftpd: (?@${address}) [WARNING] Authentication failed for user [eve]`, address, 'eve'],
    [`<38>1 2026-11-23T10:00:01.123Z host sshd 1 - - Failed password for root from ${address} port 1 ssh2`, address, 'root'],
    [`2026-11-23 10:00:01 host sshd[1]: Failed password for root from ${address} port 1 ssh2`, address, 'root'],
    [`Nov 23 2026 10:00:01 host sshd[1]: Failed password for root from ${address} port 1 ssh2`, address, 'root'],
    [`Nov 23 10:00:01.123 host sshd[1]: Failed password for root from ${address} port 1 ssh2`, address, 'root'],
  ])('%s', (line, source, userName) => expect(said(line)).toEqual(['failed', source, userName, 1]))

  it('of dovecot counts its attempts', () => {
    const line = `${at}dovecot: imap-login: Disconnected (auth failed, 3 attempts in 12 secs): user=<eve>, method=PLAIN, rip=${address}, lip=192.0.2.1, TLS`
    expect(said(line)).toEqual(['failed', address, 'eve', 3])
  })

  it('is one, however many of these lines one connection writes', () => {
    const judge = new LogonJudge()
    const lines = (pid: number) =>
      [
        `Invalid user x from ${address} port ${pid}`,
        `Failed none for invalid user x from ${address} port ${pid} ssh2`,
        `pam_unix(sshd:auth): authentication failure; ${pam} rhost=${address} `,
        `Failed password for invalid user x from ${address} port ${pid} ssh2`,
        `Disconnecting invalid user x ${address} port ${pid}: Too many authentication failures [preauth]`,
      ].map((text) => `${at}sshd[${pid}]: ${text}`)
    const five = Array.from({ length: 5 }, (_, index) => lines(index + 1)).flat()
    expect(five.flatMap((line) => judge.take(line, 0))).toEqual([])
    expect(lines(6).flatMap((line) => judge.take(line, 0))).toMatchObject([{ kind: 'security.logon.bruteforce' }])
  })
})

describe('a log-on', () => {
  it('of dropbear’s is one', () =>
    expect(said(`${at}dropbear[1]: Pubkey auth succeeded for 'root' with ssh-ed25519 key SHA256:abc from ${address}:4242`)).toEqual([
      ...['accepted', address, 'root', 1],
    ]))

  it.each([
    `sshd[1]: Connection closed by ${address} port 4242 [preauth]`,
    `sshd[1]: Received disconnect from ${address} port 4242:11: Bye Bye [preauth]`,
    `sshd[1]: Did not receive identification string from ${address} port 1`,
    'sshd[1]: error: kex_exchange_identification: Connection closed by remote host',
    `sshd[1]: Unable to negotiate with ${address} port 1: no matching key exchange method found. Their offer: x [preauth]`,
    `sshd[1]: Disconnected from user eve ${address} port 1`,
    'sshd[1]: pam_unix(sshd:auth): check pass; user unknown',
    `sshd[1]: Postponed keyboard-interactive for eve from ${address} port 1 ssh2 [preauth]`,
    `postfix/smtpd[1]: lost connection after AUTH from unknown[${address}]`,
    `dovecot: imap-login: Disconnected (no auth attempts in 0 secs): user=<>, rip=${address}, lip=192.0.2.1`,
  ])('is none: %s', (text) => expect(said(at + text)).toBeUndefined())
})
