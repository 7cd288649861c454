import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createProbe, type Probe } from '../../../../agent/host/probe.ts'
import { PlaceWatches } from '../../../../agent/sense/power/place-watches.ts'
import { type Snapshot, Snapshots } from '../../../../agent/sense/power/snapshot.ts'
import { systemTime } from '../../../../agent/system-time.ts'
import { silent } from '../bench-machine.ts'

const probe = createProbe({ time: systemTime, log: silent })
let root: string
let now: number
let looks: string[]
let watches: PlaceWatches
let snapshots: Snapshots

/** The real machine's looks, counted. */
const counted: Probe = {
  ...probe,
  lookNow: (path) => {
    looks.push(path.slice(root.length))
    return probe.lookNow(path)
  },
}

const put = (path: string, text: string): void => {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
}

const replace = (path: string, text: string): void => {
  put(`${path}.new`, text)
  renameSync(join(root, `${path}.new`), join(root, path))
}

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'tierline-places-'))
  now = 1_000
  looks = []
  put('/etc/passwd', 'root:x:0:0::/root:/bin/sh\n')
  put('/etc/cron.d/one', '* * * * * root true\n')
  put('/etc/systemd/system/ssh.service.d/x.conf', 'Nice=1\n')
  mkdirSync(join(root, 'etc/sudoers.d'))
  watches = new PlaceWatches(probe, () => now)
  snapshots = new Snapshots(counted, root, watches)
  await snapshots.take()
  looks = []
})
afterEach(() => {
  watches.stop()
  rmSync(root, { recursive: true })
})

/** The next snapshot in which it is so: events come a moment after what they tell of. */
const until = (isSo: (snapshot: Snapshot) => boolean): Promise<void> =>
  vi.waitFor(async () => expect(isSo(await snapshots.take())).toBe(true), { timeout: 5_000 })

describe.skipIf(process.platform !== 'linux')('the places where powers are given', () => {
  it('are not looked at while nothing is named in their folders, and all of them every minute', async () => {
    const before = [...(await snapshots.take())]
    expect(before).toHaveLength(3)
    for (const [path] of before) expect(looks).not.toContain(path)
    now += 60_000
    await snapshots.take()
    expect(looks).toEqual(expect.arrayContaining(before.map(([path]) => path)))
  })

  it.each<[string, () => void, string]>([
    ['a file that is appended to', () => appendFileSync(join(root, 'etc/passwd'), 'eve:x:0:0::/:/bin/sh\n'), '/etc/passwd'],
    ['one that another takes the place of', () => replace('/etc/passwd', 'eve:x:0:0::/:/bin/sh\n'), '/etc/passwd'],
    ['one that was not there', () => put('/etc/ld.so.preload', '/tmp/x.so\n'), '/etc/ld.so.preload'],
    ['a new one in a folder', () => put('/etc/sudoers.d/eve', 'eve ALL=(ALL) ALL\n'), '/etc/sudoers.d/eve'],
    ['a folder that comes to be', () => put('/etc/cron.daily/x', '#!/bin/sh\n'), '/etc/cron.daily/x'],
    [
      'a drop-in of a unit that had one',
      () => put('/etc/systemd/system/ssh.service.d/y.conf', 'Nice=2\n'),
      '/etc/systemd/system/ssh.service.d/y.conf',
    ],
    [
      'the first drop-in of a unit',
      () => put('/etc/systemd/system/cron.service.d/y.conf', 'Nice=2\n'),
      '/etc/systemd/system/cron.service.d/y.conf',
    ],
  ])('show %s without waiting for that', async (_what, change, path) => {
    const before = (await snapshots.take()).get(path)?.sha256
    change()
    await until((snapshot) => snapshot.get(path) !== undefined && snapshot.get(path)?.sha256 !== before)
    expect(looks).not.toContain('/etc/cron.d/one')
  })

  it('show what is written later into a drop-in folder that is new', async () => {
    mkdirSync(join(root, 'etc/systemd/system/cron.service.d'))
    await until(() => looks.includes('/etc/systemd/system/cron.service.d'))
    await snapshots.take()
    put('/etc/systemd/system/cron.service.d/late.conf', 'Nice=3\n')
    await until((snapshot) => snapshot.has('/etc/systemd/system/cron.service.d/late.conf'))
  })

  it.each(['/root/.ssh/authorized_keys', '/etc/NetworkManager/dispatcher.d/x', '/usr/local/lib/systemd/system/x.service'])(
    'show %s, though not even the folder around it was there, and cost nothing until then',
    async (path) => {
      mkdirSync(join(root, 'root'))
      mkdirSync(join(root, 'usr/local/lib'), { recursive: true })
      now += 60_000
      await snapshots.take()
      looks = []
      await snapshots.take()
      expect(looks).toEqual([])
      put(path, 'x\n')
      await until((snapshot) => snapshot.has(path))
      rmSync(join(root, dirname(path)), { recursive: true })
      await until((snapshot) => !snapshot.has(path))
      put(path, 'y\n')
      await until((snapshot) => snapshot.has(path))
    },
  )

  it('forget what was taken away', async () => {
    rmSync(join(root, 'etc/cron.d/one'))
    await until((snapshot) => !snapshot.has('/etc/cron.d/one'))
  })

  it('are looked at each time where they can’t be watched', async () => {
    const blind = new PlaceWatches({ ...probe, watchFolder: async () => Promise.reject(new Error('no more watches')) }, () => now)
    const looking = new Snapshots(counted, root, blind)
    await looking.take()
    appendFileSync(join(root, 'etc/passwd'), 'eve:x:0:0::/:/bin/sh\n')
    expect((await looking.take()).get('/etc/passwd')?.text).toContain('eve')
  })
})

it('leaves no folder watched that it began to watch as it was stopped', async () => {
  const { promise: isSlow, resolve: goOn } = Promise.withResolvers<void>()
  let watched = 0
  const slow = {
    listNow: () => ({ names: [], changedAt: 1, identity: 'one' }),
    watchFolder: async () => {
      watched += 1
      await isSlow
      return () => {
        watched -= 1
      }
    },
  }
  const late = new PlaceWatches(slow, () => 0)
  const place = { path: '/etc/cron.d', class: 'new', technique: 'T1053.003', what: 'a job' } as const
  const watching = late.watch([{ place, full: '/etc/cron.d', inside: [] }])
  late.stop()
  goOn()
  await watching
  expect(watched).toBe(0)
})
