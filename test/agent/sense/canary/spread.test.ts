import { execFileSync } from 'node:child_process'
import { chown, lchown, mkdir, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import removeCanaries from '../../../../agent/cli/remove-canaries.ts'
import { loadConfig } from '../../../../agent/config.ts'
import { has, openssl, quiet, Room } from './room.ts'

const isRoot = process.getuid?.() === 0
if (!isRoot) console.log('not run here: whose the decoys are, because this isn’t root')

let room: Room
let machine: string

beforeEach(async () => {
  room = await Room.open()
  machine = join(room.top, 'machine')
  await put(
    'etc/passwd',
    'root:x:0:0::/root:/bin/sh\neve:x:1000:1000::/home/eve:/bin/sh\nd:x:33:33::/home/d:/bin/sh\nx:x:1001:1::/:/bin/sh\n',
  )
  await put('etc/samba/smb.conf', '[files]\n  path = /data/files\n[homes]\n  path = /data/%U\n[bad]\n  path = /etc\n')
  await put('etc/exports', '/export/a 10.0.0.0/8(rw)\n')
  for (const folder of [
    'home/eve/Bilder',
    'home/eve/Papiere/2025',
    'home/eve/Videos',
    'home/eve/.cache',
    'home/d',
    'data/files/Alpha',
    'data/files/Zulu',
    'export/a',
    'etc/x',
  ])
    await mkdir(join(machine, folder), { recursive: true })
  await put('home/eve/.config/user-dirs.dirs', 'XDG_DOCUMENTS_DIR="$HOME/Papiere"\n')
})

afterEach(() => room.close())

async function put(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(machine, path)), { recursive: true })
  await writeFile(join(machine, path), text)
}

/** Starts anew, spreading; answers the decoys below the machine's tree, without its top. */
async function spread(except: string[] = []): Promise<string[]> {
  room.spread = { except: except.map((path) => join(machine, path)), root: machine }
  await room.restart()
  return standing()
}

const standing = (): string[] =>
  (room.watching?.decoys?.() ?? []).filter((path) => path.startsWith(`${machine}/`)).map((path) => path.slice(machine.length))
const foldersOf = (paths: string[]): string[] => [...new Set(paths.map((path) => dirname(path)))].sort()

describe.skipIf(process.platform !== 'linux')('decoys of the agent’s own choice', () => {
  it('stand in homes and shares, hidden, at the top, among the documents, at the end and deeper', async () => {
    const decoys = await spread()
    const seen = foldersOf(decoys).map((folder) => folder.replace(/\/\.[A-Z]\w+$/, '/.X'))
    expect(seen).toEqual([
      ...['/data/files/.X', '/data/files/Alpha/.X', '/data/files/Zulu/.X', '/export/a/.X'],
      ...['/home/eve/.X', '/home/eve/Papiere/.X', '/home/eve/Papiere/2025/.X', '/home/eve/Videos/.X'],
    ])
    expect(new Set(decoys.map((path) => path.split('.').at(-1))).size).toBeGreaterThanOrEqual(3)
    for (const folder of foldersOf(decoys))
      expect(await readFile(join(machine, folder, 'CACHEDIR.TAG'), 'utf8')).toMatch(/^Signature: 8a477f597d28d172789f06886806bc55/)
  })

  it('stay where they are when people make folders, and are the same after a restart', async () => {
    const decoys = await spread()
    await mkdir(join(machine, 'home/eve/Zebra'))
    expect(await spread()).toEqual(decoys)
    expect(room.said).toEqual([])
  })

  it('go away where the policy wants none, but for what somebody changed', async () => {
    const [first = ''] = (await spread()).filter((path) => path.startsWith('/home/eve/Papiere/.'))
    await room.watching?.stop()
    await writeFile(join(machine, first), 'mine now')
    expect(foldersOf(await spread(['home/eve', 'data'])).map((folder) => dirname(folder))).toEqual(['/export/a'])
    expect(await readFile(join(machine, first), 'utf8')).toBe('mine now')
    expect((await readdir(join(machine, 'home/eve'))).sort()).toEqual(['.cache', '.config', 'Bilder', 'Papiere', 'Videos'])
    room.spread = undefined
    await room.restart()
    expect(await readdir(join(machine, 'export/a'))).toEqual([])
  })

  it('are taken away with the agent, by its own command', async () => {
    await spread()
    await room.watching?.stop()
    const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
    await removeCanaries.run(loadConfig({ data: room.top }, { TIERLINE_AGENT_LOG_LEVEL: 'silent' }), [])
    expect(write.mock.calls.join()).toMatch(/^21 decoys are taken away/)
    write.mockRestore()
    expect(await readdir(join(machine, 'export/a'))).toEqual([])
    expect(await readdir(room.folder)).toEqual([])
  })

  it('never follow a link, tag nobody’s own folder and replace no file', async () => {
    const decoys = await spread()
    const hidden = foldersOf(decoys).find((folder) => folder.startsWith('/home/eve/Videos/.')) ?? ''
    await room.watching?.stop()
    await rm(room.stateFile)
    await rm(join(machine, 'home/eve/Papiere'), { recursive: true })
    await rm(join(machine, 'export/a'), { recursive: true })
    await mkdir(join(machine, 'secret'))
    await symlink(join(machine, 'secret'), join(machine, 'home/eve/Papiere'))
    await symlink(join(machine, 'secret'), join(machine, 'export/a'))
    if (isRoot) await lchown(join(machine, 'export/a'), 1_000, 1_000)
    execFileSync('mkfifo', [join(machine, 'home/eve/.fifo')])
    for (const name of ['.Accounts', '.Addresses', '.Agreements', '.Archive', '.Audit']) {
      await rm(join(machine, 'home/eve', name), { recursive: true, force: true })
      await mkdir(join(machine, 'home/eve', name))
    }
    await room.start()
    expect(await readdir(join(machine, 'secret'))).toEqual([])
    for (const name of ['.Accounts', '.Archive']) expect(await readdir(join(machine, 'home/eve', name))).toEqual([])
    expect(standing().some((path) => path.startsWith('/home/eve/Videos/'))).toBe(true)
    expect(hidden).not.toBe('')
  })

  it.skipIf(!isRoot)('belong to whoever the folder belongs to, so that their programs reach them', async () => {
    await chown(join(machine, 'home/eve/Videos'), 1_000, 1_000)
    const [decoy = ''] = (await spread()).filter((path) => path.startsWith('/home/eve/Videos/'))
    for (const path of [decoy, dirname(decoy), join(dirname(decoy), 'CACHEDIR.TAG')])
      expect(await stat(join(machine, path))).toMatchObject({ uid: 1_000, gid: 1_000 })
    expect((await stat(join(machine, decoy))).mode & 0o600).toBe(0o600)
  })

  it.skipIf(!has('openssl'))('raise an attack like any other, and are put back after it', async () => {
    const [decoy = ''] = await spread()
    const path = join(machine, decoy)
    const before = await readFile(path)
    await openssl(path, `${path}.enc`)
    await rm(path)
    await vi.waitFor(() => expect(room.unreadable()?.facts?.canary).toBe(path), { timeout: 2_000 })
    await rm(dirname(path), { recursive: true })
    await room.watching?.rearm?.()
    expect((await readFile(path)).equals(before)).toBe(true)
    expect(await readdir(dirname(path))).toContain('CACHEDIR.TAG')
  })

  it('in a home that is gone or not mounted raise nothing; one that is taken away there does', async () => {
    const decoys = await spread()
    await rename(join(machine, 'home/eve'), join(machine, 'home/away'))
    await mkdir(join(machine, 'home/eve'))
    await quiet(4_500)
    expect(room.said).toEqual([])
    await rm(join(machine, decoys.find((path) => path.startsWith('/export/')) ?? ''))
    await vi.waitFor(() => expect(room.changes()).toEqual([['medium', 'deleted', 1]]), { timeout: 6_000 })
  })
})
