import { appendFile, readdir, readFile, rename, rm, stat, symlink, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { has, openssl, quiet, Room, run } from './room.ts'

let room: Room

beforeEach(async () => {
  room = await Room.open()
})

afterEach(() => room.close())

describe('one touch', () => {
  it('beside links that lead in a circle, out and nowhere is seen as ever', async () => {
    const before = await readdir(room.folder)
    await room.restart(async () => {
      await symlink('.', join(room.folder, 'loop'))
      await symlink('b', join(room.folder, 'a'))
      await symlink('a', join(room.folder, 'b'))
      await symlink('/dev/zero', join(room.folder, 'endless.docx'))
    })
    expect((await readdir(room.folder)).filter((name) => !['a', 'b', 'endless.docx', 'loop'].includes(name)).sort()).toEqual(before.sort())
    await symlink('loop/loop/loop', join(room.folder, 'later'))
    await quiet(200)
    expect(room.said).toEqual([])
    const txt = await room.decoy('.txt')
    await appendFile(txt, 'x')
    await vi.waitFor(() => expect(room.said.map((event) => event.about)).toEqual([txt]), { timeout: 1_000 })
  })

  it('echo x >> is an edit, said once, for every type', async () => {
    const touched: string[] = []
    for (const end of ['.txt', '.docx', '.xlsx', '.pdf', '.png']) {
      const path = await room.decoy(end)
      await appendFile(path, 'x\n')
      touched.push(path)
      await vi.waitFor(() => expect(room.said.map((event) => event.about)).toEqual(touched), { timeout: 1_000 })
    }
    expect(new Set(room.said.map((event) => event.facts?.change))).toEqual(new Set(['edited']))
    expect(room.said.map((event) => event.facts?.canariesTouched)).toEqual([1, 2, 3, 4, 5])
  })

  it('a save through an empty file is an edit and never unreadable', async () => {
    const docx = await room.decoy('.docx')
    const other = await readFile(await room.decoy('.docx'))
    await writeFile(docx, '')
    await quiet(40)
    await writeFile(docx, Buffer.concat([other, Buffer.from('saved')]))
    await quiet(400)
    expect(room.changes()).toEqual([['critical', 'edited', 1]])
  })

  it.skipIf(!has('openssl'))('that gets worse is said again', async () => {
    const docx = await room.decoy('.docx')
    await appendFile(docx, 'x')
    await vi.waitFor(() => expect(room.changes()).toEqual([['critical', 'edited', 1]]))
    await openssl(docx, `${docx}.enc`)
    await vi.waitFor(() =>
      expect(room.changes()).toEqual([
        ['critical', 'edited', 1],
        ['critical', 'unreadable', 1],
      ]),
    )
  })

  it('a deletion is medium, after two seconds', async () => {
    await unlink(await room.decoy('.pdf'))
    await quiet(1_200)
    expect(room.said).toEqual([])
    await vi.waitFor(() => expect(room.changes()).toEqual([['medium', 'deleted', 1]]), { timeout: 2_000 })
  })

  it('a deletion that is undone within two seconds is nothing', async () => {
    const pdf = await room.decoy('.pdf')
    await rename(pdf, join(room.top, 'elsewhere'))
    await quiet(300)
    await rename(join(room.top, 'elsewhere'), pdf)
    await quiet(2_400)
    expect(room.said).toEqual([])
  })

  it('gzip of one is told of, with what lies there instead', async () => {
    const docx = await room.decoy('.docx')
    await run('gzip', [docx])
    await vi.waitFor(() => expect(room.said).toHaveLength(1), { timeout: 3_000 })
    expect(room.said[0]).toMatchObject({ severity: 'medium', facts: { change: 'packed', replacement: `${docx}.gz` } })
  })

  it('gzip of all is no attack, and a decoy deleted beside them is alone', async () => {
    const png = await room.decoy('.png')
    await run('gzip', ['-r', room.folder])
    await vi.waitFor(() => expect(room.said.length).toBeGreaterThan(1), { timeout: 5_000 })
    await rm(`${png}.gz`)
    // Into the place on the disk that the decoy had.
    for (const name of ['a', 'b', 'c']) await writeFile(join(room.folder, name), gzipSync(Buffer.from(name)))
    await quiet(2_400)
    expect(room.said.map(({ severity }) => severity)).toEqual(room.said.map(() => 'medium'))
    expect(room.unreadable()).toBeUndefined()
  })

  it('a gzip of something else in its place is unreadable', async () => {
    const png = await room.decoy('.png')
    await writeFile(png, gzipSync(Buffer.from('something else')))
    await vi.waitFor(() => expect(room.unreadable()?.about).toBe(png))
  })

  it.skipIf(!has('python3'))('a rewrite through mapped memory is seen by its change time', async () => {
    const txt = await room.decoy('.txt')
    const script =
      'import mmap,sys\nf=open(sys.argv[1],"r+b")\nm=mmap.mmap(f.fileno(),0)\nm[:]=bytes(i*7%256 for i in range(len(m)))\nm.flush()'
    await run('python3', ['-c', script, txt])
    await vi.waitFor(() => expect(room.unreadable()?.about).toBe(txt), { timeout: 4_000 })
  })

  it('of the folder as a whole counts as one', async () => {
    await rename(room.folder, join(room.top, 'moved'))
    await vi.waitFor(() => expect(room.changes()).toEqual([['medium', 'deleted', 1]]), { timeout: 6_000 })
    await quiet(300)
    expect(room.said[0]?.about).toBe(room.folder)
    expect(room.said).toHaveLength(1)
  })
})

describe('rearming', () => {
  it.skipIf(!has('openssl'))('puts the bytes back, forgets the touches, and raises nothing by it', async () => {
    const docx = await room.decoy('.docx')
    const before = await readFile(docx)
    await openssl(docx, `${docx}.enc`)
    await unlink(docx)
    await vi.waitFor(() => expect(room.unreadable()).toBeDefined())
    room.said = []
    expect(await room.watching?.rearm?.()).toBe(5)
    expect(await readFile(docx)).toEqual(before)
    await room.restart()
    await quiet(2_300)
    expect(room.said).toEqual([])
    await openssl(docx, `${docx}.enc`)
    await vi.waitFor(() => expect(room.unreadable()).toBeDefined())
  })

  it('works after a restart, and when the folder is gone', async () => {
    const docx = await room.decoy('.docx')
    const before = await readFile(docx)
    await room.restart(() => rm(room.folder, { recursive: true }))
    expect(await room.watching?.rearm?.()).toBe(5)
    expect(await readFile(docx)).toEqual(before)
    room.said = []
    await appendFile(docx, 'x')
    await vi.waitFor(() => expect(room.changes()).toEqual([['critical', 'edited', 1]]))
  })

  it('replaces a link and never what it points to', async () => {
    const txt = await room.decoy('.txt')
    await writeFile(join(room.top, 'secret'), 'secret')
    await unlink(txt)
    await run('ln', ['-s', join(room.top, 'secret'), txt])
    await room.watching?.rearm?.()
    expect(await readFile(join(room.top, 'secret'), 'utf8')).toBe('secret')
    expect((await stat(txt)).size).toBeGreaterThan(100)
  })
})
