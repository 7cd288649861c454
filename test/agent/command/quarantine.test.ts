import { randomUUID } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  watch,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openQuarantine, type Quarantine } from '../../../agent/command/quarantine.ts'

let folder: string
let quarantine: Quarantine
const at = (...names: string[]): string => join(folder, ...names)
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tierline-quarantine-'))
  for (const name of ['own', 'system', 'home']) mkdirSync(at(name))
  quarantine = openQuarantine(at('own/quarantine'), (path) => path.startsWith(at('own')))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe.skipIf(process.platform !== 'linux')('sealing', () => {
  it('goes through no link above the file, whoever’s is behind it', async () => {
    writeFileSync(at('system/shadow'), 'root')
    writeFileSync(at('own/key'), 'secret')
    symlinkSync(at('system'), at('home/to-system'))
    symlinkSync(at('own'), at('home/to-own'))
    mkdirSync(at('system/deeper'))
    writeFileSync(at('system/deeper/file'), 'deep')
    for (const path of [at('home/to-system/shadow'), at('home/to-own/key'), at('home/to-system/deeper/file')])
      expect(await quarantine.seal(randomUUID(), path, undefined)).toMatchObject({ kind: 'refused', reason: expect.stringContaining(' ') })
    expect([existsSync(at('system/shadow')), existsSync(at('own/key')), existsSync(at('system/deeper/file'))]).toEqual([true, true, true])
  })

  it('refuses what has another name, by which it would stay runnable', async () => {
    writeFileSync(at('home/evil'), 'x')
    linkSync(at('home/evil'), at('home/evil-too'))
    expect(await quarantine.seal(randomUUID(), at('home/evil'), undefined)).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('2 names'),
    })
    expect([existsSync(at('home/evil')), existsSync(at('own/quarantine'))]).toEqual([true, false])
  })

  it('is under the id of its command, and never under what is no UUID', async () => {
    writeFileSync(at('home/evil'), 'x')
    expect(await quarantine.seal('../../home', at('home/evil'), undefined)).toMatchObject({ kind: 'refused' })
    const id = randomUUID()
    expect(await quarantine.seal(id, at('home/evil'), undefined)).toMatchObject({ kind: 'sealed', id })
    expect(readdirSync(at('own/quarantine'))).toEqual([id])
  })
})

describe.skipIf(process.platform !== 'linux')('putting back', () => {
  async function sealed(mode = 0o755, content = 'echo mine'): Promise<string> {
    const id = randomUUID()
    mkdirSync(at('home/d'))
    writeFileSync(at('home/d/x.sh'), content)
    chmodSync(at('home/d/x.sh'), mode)
    expect(await quarantine.seal(id, at('home/d/x.sh'), undefined)).toMatchObject({ kind: 'sealed' })
    return id
  }

  it('writes nothing where a link now leads', async () => {
    const id = await sealed()
    rmSync(at('home/d'), { recursive: true })
    symlinkSync(at('system'), at('home/d'))
    expect(await quarantine.restore(id)).toMatchObject({ kind: 'refused' })
    expect([readdirSync(at('system')), readdirSync(at('own/quarantine'))]).toEqual([[], [id]])
    renameSync(at('home/d'), at('home/link'))
    mkdirSync(at('home/d'))
    expect(await quarantine.restore(id)).toMatchObject({ kind: 'restored', isStripped: false })
    expect(readFileSync(at('home/d/x.sh'), 'utf8')).toBe('echo mine')
  })

  it('gives owner and mode to its own file, not to what is put in its place', async () => {
    // Large enough to be caught while it is written.
    const id = await sealed(0o755, 'echo mine\n'.repeat(400_000))
    writeFileSync(at('system/shadow'), 'root', { mode: 0o600 })
    const made = at('home/d', `.tierline-${id}`)
    let swapped = 0
    const watching = watch(at('home/d'), () => {
      if (swapped > 0 || !existsSync(made)) return
      swapped += 1
      rmSync(made)
      symlinkSync(at('system/shadow'), made)
    })
    await quarantine.restore(id)
    watching.close()
    expect([swapped, statSync(at('system/shadow')).mode & 0o7777]).toEqual([1, 0o600])
  })

  it('leaves setuid and setgid away, and says so', async () => {
    const id = await sealed(0o6755)
    expect(await quarantine.restore(id)).toMatchObject({ kind: 'restored', isStripped: true })
    expect(statSync(at('home/d/x.sh')).mode & 0o7777).toBe(0o755)
  })
})
