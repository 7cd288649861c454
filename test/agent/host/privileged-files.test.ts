import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { shownName } from '#shared/domain/printable.ts'
import { privilegedFile, privilegedFiles } from '../../../agent/host/privileged-files.ts'
import { privilegedEvent } from '../../../agent/sense/power/privileged.ts'

let top: string
beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), 'tierline-powers-'))
})
afterEach(() => rmSync(top, { recursive: true }))

const put = (path: string, mode = 0o4755, owner = 0): void => {
  mkdirSync(dirname(join(top, path)), { recursive: true })
  writeFileSync(join(top, path), '')
  if (owner > 0) chownSync(join(top, path), owner, owner)
  chmodSync(join(top, path), mode)
}

describe.skipIf(process.platform !== 'linux')('the walk', () => {
  it('finds what runs as its owner where people can put it, behind no link and in no pipe', async () => {
    for (const path of ['/usr/bin/su', '/home/eve/.a/b/x', '/tmp/x', '/opt/y/bin/z']) put(path, 0o4755)
    put('/usr/bin/wall', 0o2755)
    for (const [path, mode] of [
      ['/usr/bin/ls', 0o755],
      ['/tmp/lock', 0o2644],
      ['/elsewhere/x', 0o4755],
    ] as const)
      put(path, mode)
    symlinkSync(join(top, 'elsewhere'), join(top, 'tmp/link'))
    symlinkSync(join(top, 'tmp'), join(top, 'tmp/loop'))
    execFileSync('mkfifo', [join(top, 'tmp/pipe')])
    const found = await privilegedFiles(top)
    expect(found.map(({ path }) => path).sort()).toEqual(['/home/eve/.a/b/x', '/opt/y/bin/z', '/tmp/x', '/usr/bin/su', '/usr/bin/wall'])
  })

  it('of a folder that somebody filled still finds what is elsewhere', async () => {
    for (let number = 0; number < 10_100; number += 1) put(`/tmp/${number}`, 0o644)
    put('/home/eve/x', 0o4755)
    expect((await privilegedFiles(top)).map(({ path }) => path)).toEqual(['/home/eve/x'])
  })
})

describe.skipIf(process.platform !== 'linux')('among many of somebody’s own', () => {
  it.skipIf(process.getuid?.() !== 0)('another’s and root’s are found, there and elsewhere', async () => {
    for (let number = 0; number < 2_100; number += 1) put(`/tmp/${number}`, 0o4755, 1_000)
    put('/tmp/zz/root')
    put('/tmp/zz/eve', 0o4755, 1_001)
    put('/home/anna/x', 0o4755, 1_002)
    const found = (await privilegedFiles(top)).map(({ path }) => path)
    expect(found).toEqual(expect.arrayContaining(['/tmp/zz/root', '/tmp/zz/eve', '/home/anna/x']))
    expect(found.length).toBeLessThan(100)
  })

  it('in many homes that are full, each home has its part', async () => {
    for (let home = 10; home < 20; home += 1) for (let number = 0; number < 6_000; number += 1) touch(`/home/h${home}`, number)
    put('/home/zoe/x')
    expect((await privilegedFiles(top)).map(({ path }) => path)).toContain('/home/zoe/x')
  })

  const touch = (folder: string, number: number): void => {
    if (number === 0) mkdirSync(join(top, folder), { recursive: true })
    writeFileSync(join(top, folder, String(number)), '')
  }
})

describe('what nobody may be held up by', () => {
  it('is a word of a command that is no path', () => {
    writeFileSync(join(top, 'file'), '')
    for (const path of ['/file/below', `/${'a'.repeat(300)}`, '/a\0b', `/${'a/'.repeat(3_000)}`])
      expect(privilegedFile(path, top)).toBeUndefined()
  })

  it('is another machine’s folder, or one behind a program: neither is asked', async () => {
    for (const path of ['home/eve/near', 'home/eve/my disk/sh', 'home/eve/nfs/sh', 'home/away/sh']) put(path)
    const mount = (at: string, type: string): string => `40 30 0:50 / ${at} rw - ${type} x rw\n`
    mkdirSync(join(top, 'proc/self'), { recursive: true })
    const mounted = mount('/home/eve/my\\040disk', 'fuse') + mount('/home/eve/nfs', 'nfs4') + mount('/home/away', 'fuse.sshfs')
    writeFileSync(join(top, 'proc/self/mountinfo'), `${mounted}${mount('/home', 'ext4')}`)
    expect((await privilegedFiles(top)).map(({ path }) => path)).toEqual(['/home/eve/near'])
    expect(privilegedFile('/home/away/sh', top)).toBeUndefined()
    expect(privilegedFile('/home/eve/near', top)).toBeDefined()
  })
})

describe.skipIf(process.platform !== 'linux')('a name that is no UTF-8', () => {
  const raw = (...parts: (string | number)[]): Buffer =>
    Buffer.concat(parts.map((part) => (typeof part === 'number' ? Buffer.of(part) : Buffer.from(part))))
  const putRaw = (path: Buffer): void => {
    writeFileSync(path, '')
    chmodSync(path, 0o4755)
  }

  it('hides nothing, neither as a program’s nor as a folder’s', async () => {
    mkdirSync(join(top, 'tmp'))
    putRaw(raw(join(top, 'tmp/a'), 0xff, 'ü'))
    putRaw(raw(join(top, 'tmp/a'), 0xfe, 'ü'))
    mkdirSync(raw(join(top, 'tmp/'), 0xc3))
    putRaw(raw(join(top, 'tmp/'), 0xc3, '/😀'))
    const found = (await privilegedFiles(top)).map(({ path }) => path)
    expect(found.map(shownName).sort()).toEqual(['/tmp/\\xc3/😀', '/tmp/a\\xfeü', '/tmp/a\\xffü'])
    for (const path of found) expect(privilegedFile(path, top)?.path).toBe(path)
  })

  it('is told in characters that people can type', async () => {
    mkdirSync(join(top, 'tmp'))
    putRaw(raw(join(top, 'tmp/a'), 0xff))
    const [file] = await privilegedFiles(top)
    if (!file) return expect.unreachable('it was not found')
    const event = privilegedEvent(file, undefined, { facts: {}, isByPackages: false, isByOwnCommand: false })
    expect(event).toMatchObject({ about: '/tmp/a\\xff', facts: { path: '/tmp/a\\xff' } })
    expect(JSON.stringify(event)).not.toMatch(/\\ud/)
  })

  it('of another machine’s folder is asked no more than any other', async () => {
    for (const last of [0xfe, 0xff]) {
      mkdirSync(raw(join(top, 'home/'), last), { recursive: true })
      putRaw(raw(join(top, 'home/'), last, '/x'))
    }
    mkdirSync(join(top, 'proc/self'), { recursive: true })
    writeFileSync(join(top, 'proc/self/mountinfo'), raw('40 30 0:50 / /home/', 0xfe, ' rw - fuse.sshfs x rw\n'))
    expect((await privilegedFiles(top)).map(({ path }) => shownName(path))).toEqual(['/home/\\xff/x'])
  })
})
