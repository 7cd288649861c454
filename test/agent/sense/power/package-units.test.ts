import { appendFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createProbe, type Probe } from '../../../../agent/host/probe.ts'
import { watchUnits } from '../../../../agent/sense/power/package-units.ts'
import { cameWithPackages } from '../../../../agent/sense/power/packages.ts'
import { systemTime } from '../../../../agent/system-time.ts'
import { FakeMachine } from '../../../support/fake-machine.ts'
import { FakeTime } from '../../../support/fake-time.ts'
import { silent } from '../bench-machine.ts'

const real = createProbe({ time: systemTime, log: silent })
const units = 'usr/lib/systemd/system'
let root: string
/** Who changes packages now. */
let manager: string | null
let reads: string[]

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tierline-units-'))
  manager = null
  reads = []
  put(`${units}/ssh.service`, 'ExecStart=/usr/sbin/sshd\n')
  mkdirSync(join(root, `${units}/ssh.service.d`))
  symlinkSync('usr/lib', join(root, 'lib'))
})
afterEach(() => rmSync(root, { recursive: true }))

function put(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
}

const probe: Probe = {
  ...real,
  packageManager: async () => ({ kind: 'known', value: manager }),
  read: (path, maxBytes) => {
    reads.push(path.slice(root.length))
    return real.read(path, maxBytes)
  },
  // dpkg's lists of the test's own tree.
  list: (path) => real.list(root + path),
  look: (path) => real.look(root + path),
}
const inTree: Probe = { ...probe, read: (path, maxBytes) => real.read(path.startsWith(root) ? path : root + path, maxBytes) }

const pathsOf = (changes: { change: { path: string }; isByPackages: boolean }[]) =>
  changes.map(({ change, isByPackages }) => `${change.path}${isByPackages ? ' by a package' : ''}`)

describe.skipIf(process.platform !== 'linux')('services among those of packages', () => {
  it('are noticed when they are new, changed by a drop-in, or a generator; once, though /lib leads to /usr/lib', async () => {
    const watched = await watchUnits(inTree, new FakeTime(), root)
    expect(await watched.changes()).toEqual([])
    put(`${units}/evil.service`, 'ExecStart=/tmp/x\n')
    expect(pathsOf(await watched.changes())).toEqual([`/${units}/evil.service`])
    put(`${units}/ssh.service.d/x.conf`, 'ExecStartPre=/x\n')
    put('usr/lib/systemd/system-generators/g', '#!/bin/sh\n')
    expect(pathsOf(await watched.changes())).toEqual([`/${units}/ssh.service.d/x.conf`, '/usr/lib/systemd/system-generators/g'])
    put('usr/lib/security/pam_x.so', 'ELF')
    expect(await watched.changes()).toMatchObject([
      { change: { path: '/usr/lib/security/pam_x.so', after: { place: { technique: 'T1556.003' } } }, isByPackages: false },
    ])
    put(`${units}/x.service.dpkg-new`, 'half a file')
    expect(await watched.changes()).toEqual([])
  })

  it.each(['net;1', 'x.dpkg-mine', 'x.dpkg-new.sh'])(
    'are noticed though they are named like a package’s half-done work: %s',
    async (name) => {
      const watched = await watchUnits(inTree, new FakeTime(), root)
      put(`usr/lib/systemd/system-generators/${name}`, '#!/bin/sh\n')
      expect(pathsOf(await watched.changes())).toEqual([`/usr/lib/systemd/system-generators/${name}`])
    },
  )

  it('that a package brought as links are told apart too', async () => {
    const time = new FakeTime(Date.now())
    const watched = await watchUnits(inTree, time, root)
    symlinkSync('/dev/null', join(root, units, 'old.service'))
    symlinkSync('/tmp/evil.service', join(root, units, 'evil.service'))
    put('var/lib/dpkg/info/new.list', '/.\n/lib/systemd/system/old.service\n')
    expect(pathsOf(await watched.changes())).toEqual([`/${units}/evil.service`, `/${units}/old.service by a package`])
  })

  it('cost no look at a file while no folder changes; one that is written into is found at the next walk', async () => {
    const watched = await watchUnits(probe, new FakeTime(), root)
    for (let quiet = 0; quiet < 3; quiet += 1) await watched.changes()
    reads = []
    appendFileSync(join(root, `${units}/ssh.service`), 'ExecStartPre=/tmp/x\n')
    expect(await watched.changes()).toEqual([])
    expect(reads).toEqual([])
    let found: string[] = []
    for (let look = 0; look < 130 && found.length === 0; look += 1) found = pathsOf(await watched.changes())
    expect(found).toEqual([`/${units}/ssh.service`])
    expect(reads).toEqual([`/${units}/ssh.service`])
  })

  it('are not judged while packages are put in, and told apart by the package’s own list afterwards; for half an hour at most', async () => {
    const time = new FakeTime()
    const watched = await watchUnits(inTree, time, root)
    manager = 'dpkg'
    put(`${units}/new.service`, 'ExecStart=/usr/bin/new\n')
    put(`${units}/own.service`, 'ExecStart=/usr/bin/own\n')
    expect(await watched.changes()).toEqual([])
    put('var/lib/dpkg/info/new.list', `/.\n/lib/systemd/system/new.service\n`)
    manager = null
    expect(pathsOf(await watched.changes())).toEqual([`/${units}/new.service by a package`, `/${units}/own.service`])
    manager = 'dpkg'
    put(`${units}/kept-quiet.service`, 'ExecStart=/tmp/x\n')
    expect(await watched.changes()).toEqual([])
    await time.advance(1_800_001)
    expect(pathsOf(await watched.changes())).toEqual([`/${units}/kept-quiet.service`])
  })

  it('of rpm are asked of rpm, by when the package was put in', async () => {
    const machine = new FakeMachine()
    const file = { path: `/${units}/x.service`, changedAt: 1_700_000_100_000 }
    machine.askedNow = { rpm: '1700000000\n' }
    expect(await cameWithPackages(machine, [file])).toEqual(new Set([file.path]))
    expect(await cameWithPackages(machine, [{ ...file, changedAt: 1_700_009_000_000 }])).toEqual(new Set())
    machine.askedNow = { rpm: `file ${file.path} is not owned by any package\n` }
    expect(await cameWithPackages(machine, [file])).toEqual(new Set())
  })
})
