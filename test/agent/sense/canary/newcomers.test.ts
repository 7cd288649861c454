import { appendFile, chmod, lchown, mkdir, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { minutes } from '#shared/domain/time.ts'
import { systemTime } from '../../../../agent/system-time.ts'
import { quiet, Room } from './room.ts'

const isRoot = process.getuid?.() === 0
if (!isRoot) console.log('not run here: homes behind links of root’s, because this isn’t root')

let room: Room
let machine: string

beforeEach(async () => {
  room = await Room.open()
  machine = join(room.top, 'machine')
  for (const folder of ['etc', 'home/eve/Papers']) await mkdir(join(machine, folder), { recursive: true })
  await writeFile(join(machine, 'etc/passwd'), 'eve:x:1000:1000::/home/eve:/bin/sh\n')
})
afterEach(() => room.close())

async function spread(except: string[] = []): Promise<string[]> {
  room.spread = { except: except.map((path) => join(machine, path)), root: machine }
  await room.restart()
  return standing()
}

const standing = (): string[] =>
  (room.watching?.decoys?.() ?? []).filter((path) => path.startsWith(`${machine}/`)).map((path) => path.slice(machine.length))
const homesOf = (paths: string[]): string[] => [...new Set(paths.map((path) => path.split('/').slice(0, 3).join('/')))].sort()

describe.skipIf(process.platform !== 'linux')('who came after the start', () => {
  it('gets decoys without one, and nobody else’s are moved', async () => {
    room.time = { ...systemTime, after: (ms, run) => systemTime.after(ms >= minutes(1) ? 100 : ms, run) }
    const before = await spread()
    await mkdir(join(machine, 'home/anna/Letters'), { recursive: true })
    await appendFile(join(machine, 'etc/passwd'), 'anna:x:1001:1001::/home/anna:/bin/sh\n')
    await vi.waitFor(() => expect(homesOf(standing())).toEqual(['/home/anna', '/home/eve']), { timeout: 5_000 })
    expect(standing()).toEqual(expect.arrayContaining(before))
    const started = vi.spyOn(room, 'restart')
    await quiet(500)
    expect([started.mock.calls, room.said]).toEqual([[], []])
  })
})

describe.skipIf(!isRoot || process.platform !== 'linux')('homes behind a link', () => {
  beforeEach(async () => {
    await mkdir(join(machine, 'disk'))
    await rename(join(machine, 'home'), join(machine, 'disk/home'))
    await symlink(join(machine, 'disk/home'), join(machine, 'home'))
  })

  it('of root’s get decoys where it leads, and are left out by either name', async () => {
    const decoys = await spread()
    expect(homesOf(decoys)).toEqual(['/disk/home'])
    expect(decoys.length).toBeGreaterThan(3)
    expect([await spread(['home/eve']), await spread(['disk/home/eve'])]).toEqual([[], []])
  })

  it.each([
    ['somebody else’s', (link: string) => lchown(link, 1_000, 1_000)],
    ['root’s where others may write', (link: string) => chmod(dirname(link), 0o777)],
    [
      'root’s into the system',
      async (link: string) => {
        await rename(join(machine, 'disk/home'), join(machine, 'etc/home'))
        await rm(link)
        await symlink(join(machine, 'etc/home'), link)
      },
    ],
  ])('of %s get none', async (_of, make) => {
    await make(join(machine, 'home'))
    expect(await spread()).toEqual([])
  })
})

describe.skipIf(process.platform !== 'linux')('a home that becomes another machine’s folder', () => {
  it('is asked no more, neither while it is watched nor when the agent starts', async () => {
    let mounts = ''
    const { vitals } = room.probe
    const asked: string[] = []
    const note = (path: string): void => {
      if (mounts !== '' && path.startsWith(join(machine, 'home'))) asked.push(path)
    }
    const { look, lookNow, read, list } = room.probe
    room.probe = {
      ...room.probe,
      vitals: { ...vitals, kernel: async (path) => (path === '/proc/self/mountinfo' ? mounts : vitals.kernel(path)) },
      lookNow: (path) => [note(path), lookNow(path)][1] as ReturnType<typeof lookNow>,
      look: (path) => [note(path), look(path)][1] as ReturnType<typeof look>,
      read: (path, bytes) => [note(path), read(path, bytes)][1] as ReturnType<typeof read>,
      list: (path) => [note(path), list(path)][1] as ReturnType<typeof list>,
    }
    const [decoy = ''] = await spread()
    mounts = `40 30 0:50 / ${join(machine, 'home/eve')} rw - nfs4 server:/x rw\n`
    await quiet(4_500)
    await writeFile(join(machine, decoy), 'x')
    await quiet(1_000)
    await spread()
    expect([asked, standing(), room.said]).toEqual([[], [], []])
    expect(await readdir(dirname(join(machine, decoy)))).toContain('CACHEDIR.TAG')
  })
})
