import { describe, expect, it } from 'vitest'
import { minutes, seconds } from '#shared/domain/time.ts'
import { defineDetector } from '../../../agent/sense/define-detector.ts'
import failedLogins from '../../../agent/sense/detectors/failed-logins.ts'
import logsCleared from '../../../agent/sense/detectors/logs-cleared.ts'
import malwareFound from '../../../agent/sense/detectors/malware-found.ts'
import processStarts from '../../../agent/sense/detectors/process-starts.ts'
import sigmaRules from '../../../agent/sense/detectors/sigma-rules.ts'
import { startBench } from './bench-machine.ts'

/** A machine that had none of these logs when the agent began. */
const rule =
  'title: Secrets are read\nid: own-1\nlogsource: { product: linux, service: auditd }\ndetection:\n  s: { type: EXECVE, a1: /etc/shadow }\n  condition: s\nlevel: high\n'
const audited = (serial: number, words: string): string[] => [
  `type=SYSCALL msg=audit(1700000000.000:${serial}): arch=c000003e syscall=59 success=yes exit=0 ppid=1 pid=4242 uid=0 exe="/usr/sbin/lvremove" key=(null)`,
  `type=EXECVE msg=audit(1700000000.000:${serial}): ${words}`,
  `type=PROCTITLE msg=audit(1700000000.000:${serial}): proctitle=00`,
]

describe('a log that is written only after the agent has begun', () => {
  it.each([
    ['ClamAV’s', malwareFound, ['/home/eve/x: Eicar FOUND'], 'security.malware.found'],
    [
      'auditd’s, of audit itself',
      logsCleared,
      ['type=CONFIG_CHANGE msg=audit(1700000000.000:9): op=set audit_enabled=0 old=1 auid=1000 ses=2 res=1'],
      'security.defence.down',
    ],
    ['auditd’s, by rules', sigmaRules, audited(7, 'argc=2 a0="cat" a1="/etc/shadow"'), 'security.sigma.own-1'],
    [
      'auditd’s, of programs',
      processStarts,
      audited(8, 'argc=3 a0="lvremove" a1="-f" a2="vg/snapshot"'),
      'security.ransomware.backups-destroyed',
    ],
  ])('%s is followed', async (_, detector, lines, kind) => {
    const { machine, time, spool, sense } = await startBench([detector], { files: { '/etc/tierline/sigma/own.yml': rule } })
    await time.advance(seconds(5))
    for (const line of lines) machine.log(line)
    await expect
      .poll(async () => {
        await time.advance(seconds(5))
        return spool.signals().map((signal) => signal.kind)
      })
      .toContain(kind)
    await sense.stop()
  })
})

describe('lines with sign-ins', () => {
  const ownRule =
    "title: Somebody tries root\nid: own-2\nlogsource: { product: linux, service: sshd }\ndetection:\n  k: ['for root from']\n  condition: k\nlevel: high\n"
  const line = 'Nov 23 09:00:00 pc-1 sshd[7]: Failed password for root from 192.0.2.66 port 22 ssh2'
  const start = async (hasJournal: boolean) => {
    const bench = await startBench([failedLogins, sigmaRules], { files: { '/etc/tierline/sigma/own.yml': ownRule }, hasJournal })
    await bench.time.advance(seconds(5))
    return bench
  }

  it.each([
    ['of the journal', true, 'journal'],
    ['of a log that comes later, where there is no journal', false, '/var/log/auth.log'],
  ])('%s are judged by rules too', async (_, hasJournal, log) => {
    const { machine, time, spool, sense } = await start(hasJournal)
    for (let times = 0; times < 12; times += 1) machine.log(line, log)
    await time.advance(seconds(5))
    expect(new Set(spool.signals().map(({ kind }) => kind))).toEqual(new Set(['security.logon.bruteforce', 'security.sigma.own-2']))
    await sense.stop()
  })
})

describe('what a machine lacks', () => {
  it('is looked for again, since it may be installed meanwhile', async () => {
    let isThere = false
    const watcher = defineDetector({
      name: 'watcher',
      platforms: ['linux'],
      async watch(_, say) {
        if (!isThere) return { unsupported: 'it is not installed' }
        await say({ kind: 'health.test.seen', severity: 'info', about: 'x', summary: 'it is there' })
        return { stop: async () => undefined }
      },
    })
    const { time, spool, sense } = await startBench([watcher])
    await time.advance(minutes(30))
    expect(spool.signals()).toEqual([])
    isThere = true
    await time.advance(minutes(11))
    expect(spool.signals().map(({ kind }) => kind)).toEqual(['health.test.seen'])
    await sense.stop()
  })
})
