import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { FolderLook } from '../../../agent/host/probe.ts'
import { list, listNow, look, lookNow, read, watchFolder } from '../../../agent/host/system-files.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tierline-files-'))
})

afterEach(() => rm(folder, { recursive: true }))

describe('files that others may write', () => {
  it('are read up to a bound', async () => {
    await writeFile(join(folder, 'a'), 'abcdef')
    expect((await read(join(folder, 'a'), 3))?.toString()).toBe('abc')
    expect(await look(join(folder, 'a'))).toMatchObject({ sizeBytes: 6 })
  })

  it('are no files when they are links, pipes, folders, or not there', async () => {
    await writeFile(join(folder, 'secret'), 'secret')
    await symlink(join(folder, 'secret'), join(folder, 'link'))
    spawnSync('mkfifo', [join(folder, 'pipe')])
    for (const name of ['link', 'pipe', '.', 'nothing']) {
      expect(await read(join(folder, name), 100), name).toBeUndefined()
      expect(await look(join(folder, name)), name).toBeUndefined()
      expect(lookNow(join(folder, name)), name).toBeUndefined()
    }
  })

  it('are listed with what tells their folder from another', async () => {
    await writeFile(join(folder, 'a'), '')
    expect(await list(folder)).toMatchObject({ names: ['a'] })
    expect(await list(join(folder, 'nothing'))).toBeUndefined()
    expect(listNow(folder)).toEqual(await list(folder))
    expect(listNow(join(folder, 'nothing'))).toBeUndefined()
    const known = { ...(await list(folder)), names: ['as it was known'] } as FolderLook
    expect(listNow(folder, known)?.names).toEqual(['as it was known'])
    await writeFile(join(folder, 'came since'), '')
    expect(listNow(folder, known)?.names).toContain('came since')
    expect(listNow(join(folder, 'a'))).toBeUndefined()
  })

  it('are watched by name', async () => {
    const names: (string | undefined)[] = []
    const stop = await watchFolder(folder, (name) => void names.push(name))
    await writeFile(join(folder, 'a'), 'x')
    await vi.waitFor(() => expect(names).toContain('a'))
    stop()
    await expect(watchFolder(join(folder, 'nothing'), () => undefined)).rejects.toThrow()
  })
})
