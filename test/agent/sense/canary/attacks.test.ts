import { appendFile, mkdir, readdir, readFile, rename, stat, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { systemTime } from '../../../../agent/system-time.ts'
import { has, openssl, quiet, Room, run } from './room.ts'

for (const program of ['openssl', 'python3', 'unzip']) {
  if (!has(program)) console.log(`not run here: the canary tests that need ${program}, because it is not installed`)
}

let room: Room

beforeEach(async () => {
  room = await Room.open()
})

afterEach(() => room.close())

describe('the decoys', () => {
  it('are files that their own programs can open', async () => {
    const names = await readdir(room.folder)
    expect(names.map((name) => name.split('.').at(-1)).sort()).toEqual(['docx', 'pdf', 'png', 'txt', 'xlsx'])
    if (has('unzip')) for (const end of ['.docx', '.xlsx']) await run('unzip', ['-t', await room.decoy(end)])
    expect((await stat(await room.decoy('.png'))).mtimeMs).toBeLessThan(systemTime.now() - 86_400_000)
    expect(room.watching?.decoys?.().sort()).toEqual(names.map((name) => join(room.folder, name)).sort())
  })

  it('never take the place of somebody’s file', async () => {
    const own = join(room.top, 'own')
    await mkdir(own)
    await writeFile(join(own, 'Contract draft.docx'), 'mine')
    await room.watching?.stop()
    room.folder = own
    await room.start()
    expect(await readFile(join(own, 'Contract draft.docx'), 'utf8')).toBe('mine')
    expect(await readdir(own)).toContain('Contract draft (2).docx')
  })

  it('raise nothing by being planted, read, copied, given other rights, or watched again after a restart', async () => {
    const docx = await room.decoy('.docx')
    await readFile(docx)
    await run('cp', [docx, `${docx}.bak`])
    await run('chmod', ['600', docx])
    await run('touch', [docx])
    await quiet(300)
    await room.restart()
    await quiet(2_300)
    expect(room.said).toEqual([])
  })
})

describe.skipIf(!has('openssl'))('an attack', () => {
  it('by openssl beside the original is said as unreadable at once', async () => {
    const docx = await room.decoy('.docx')
    await openssl(docx, `${docx}.enc`)
    await vi.waitFor(() => expect(room.unreadable()).toBeDefined(), { timeout: 1_000, interval: 5 })
    const touchedAt = (await stat(`${docx}.enc`)).ctimeMs
    expect((room.unreadable()?.at ?? 0) - touchedAt).toBeLessThan(250)
    await unlink(docx)
    await quiet(2_300)
    expect(room.changes()).toEqual([['critical', 'unreadable', 1]])
    expect(room.said[0]?.facts).toMatchObject({
      canary: docx,
      replacement: `${docx}.enc`,
      firstBytes: expect.stringMatching(/^53616c7465645f5f/),
    })
    expect(room.said[0]?.fingerprint).toBe('security.ransomware.canary')
  })

  it('is seen as fast in a folder of a thousand files', async () => {
    await Promise.all(Array.from({ length: 1_000 }, (_, number) => writeFile(join(room.folder, `Letter ${number}.txt`), 'Dear Sir')))
    const png = await room.decoy('.png')
    await openssl(png, `${png}.enc`)
    await unlink(png)
    await vi.waitFor(() => expect(room.unreadable()).toBeDefined(), { timeout: 1_500, interval: 5 })
  })

  it('on every file is one fingerprint, each decoy said once as unreadable', async () => {
    for (const name of await readdir(room.folder)) {
      await openssl(join(room.folder, name), join(room.folder, `${name}.locked`))
      await unlink(join(room.folder, name))
    }
    const unreadable = () => room.said.filter((event) => event.facts?.change === 'unreadable')
    await vi.waitFor(() => expect(unreadable()).toHaveLength(5), { timeout: 10_000 })
    await quiet(2_300)
    expect(unreadable()).toHaveLength(5)
    expect(new Set(room.said.map((event) => event.fingerprint)).size).toBe(1)
    expect(room.said.at(-1)?.facts?.canariesTouched).toBe(5)
  })

  it('that overwrites in place is unreadable, whatever the type', async () => {
    for (const name of await readdir(room.folder)) {
      const path = join(room.folder, name)
      await openssl(path, join(room.top, 'out'))
      await writeFile(path, await readFile(join(room.top, 'out')))
    }
    const unreadable = () => room.said.filter((event) => event.facts?.change === 'unreadable')
    await vi.waitFor(() => expect(unreadable()).toHaveLength(5), { timeout: 10_000 })
  })

  it('that encrypts only the middle of a file is unreadable', async () => {
    const docx = await room.decoy('.docx')
    const bytes = await readFile(docx)
    bytes.fill(0xa7, 600, 900)
    await writeFile(docx, bytes)
    await vi.waitFor(() => expect(room.unreadable()?.about).toBe(docx), { timeout: 1_000 })
  })

  it('that renames first and encrypts then is found under the new name', async () => {
    const pdf = await room.decoy('.pdf')
    await rename(pdf, join(room.folder, '7f3a.locked'))
    await openssl(join(room.folder, '7f3a.locked'), join(room.top, 'out'))
    await run('sh', ['-c', `cat ${join(room.top, 'out')} > ${join(room.folder, '7f3a.locked')}`])
    await vi.waitFor(() => expect(room.unreadable()?.facts?.replacement).toBe(join(room.folder, '7f3a.locked')), { timeout: 1_500 })
  })

  it('that was half done while nobody watched is said at start, and once only', async () => {
    const docx = await room.decoy('.docx')
    await room.restart(async () => {
      await openssl(docx, `${docx}.enc`)
      await unlink(docx)
    })
    await vi.waitFor(() => expect(room.unreadable()).toBeDefined())
    await room.restart()
    await quiet(300)
    expect(room.changes()).toEqual([['critical', 'unreadable', 1]])
  })

  it('said but not remembered as said is the same occurrence again', async () => {
    const docx = await room.decoy('.docx')
    const before = await readFile(room.stateFile)
    await appendFile(docx, 'x')
    await vi.waitFor(() => expect(room.said).toHaveLength(1))
    await room.restart(() => writeFile(room.stateFile, before))
    await vi.waitFor(() => expect(room.said).toHaveLength(2))
    expect(room.said[1]?.occurrence).toEqual(room.said[0]?.occurrence)
  })
})
