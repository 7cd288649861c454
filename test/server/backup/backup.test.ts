import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { holdsDatabase, makeBackup, restoreBackup } from '../../../server/backup/backup.ts'
import { readPassphrase } from '../../../server/backup/passphrase.ts'

// Every passphrase costs half a second and 128 MiB on purpose, and more beside busy neighbours.
vi.setConfig({ testTimeout: 60_000 })

const passphrase = 'four words that nobody says'
const never = new AbortController().signal

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'tierline-backup-'))
  onTestFinished(() => rmSync(made, { recursive: true, force: true }))
  return made
}

/** A data folder whose database is open and has what it knows in its WAL. */
function dataFolder(): { dataDir: string; database: DatabaseSync } {
  const dataDir = join(folder(), 'data')
  mkdirSync(join(dataDir, 'keys'), { recursive: true })
  const kept = { 'keys/ca.key.pem': 'secret', 'keys/ca.pem.new': 'half', 'collector.json': '{}', 'first-sign-in': 'not kept' }
  for (const [path, text] of Object.entries(kept)) writeFileSync(join(dataDir, path), text)
  const database = new DatabaseSync(join(dataDir, 'tierline.db'))
  database.exec('pragma journal_mode = wal; create table notes (text); insert into notes values (1), (2)')
  onTestFinished(() => database.close())
  return { dataDir, database }
}

const about = { passphrase, hasDatabase: true, madeAt: 5, program: '1.2.3', stop: never }
const restore = (file: string, dataDir: string, prepare: () => Promise<void> = async () => undefined) =>
  restoreBackup({ file, passphrase, dataDir, prepare })
const modeOf = (path: string): number => statSync(path).mode & 0o777

describe('a backup', () => {
  it('brings back database, keys and whereabouts, for their owner alone', async () => {
    const { dataDir, database } = dataFolder()
    const [file, back] = [join(folder(), 'one.backup'), join(folder(), 'back')]
    await makeBackup({ dataDir, file, ...about })
    database.exec('insert into notes values (3)')
    await restore(file, back)
    expect(readdirSync(back, { recursive: true }).sort()).toEqual(['collector.json', 'keys', 'keys/ca.key.pem', 'tierline.db'])
    expect(readFileSync(join(back, 'keys/ca.key.pem'), 'utf8')).toBe('secret')
    const restored = new DatabaseSync(join(back, 'tierline.db'))
    expect(restored.prepare('select count(*) as count from notes').get()?.count).toBe(2)
    restored.close()
    expect(['', 'keys'].map((path) => modeOf(join(back, path)))).toEqual([0o700, 0o700])
    expect(['keys/ca.key.pem', 'collector.json', 'tierline.db'].map((path) => modeOf(join(back, path)))).toEqual([0o600, 0o600, 0o600])
    expect(modeOf(file)).toBe(0o600)
    expect(readdirSync(dataDir).filter((name) => name.startsWith('backup-'))).toEqual([])
  })

  it('of the keys alone holds no database', async () => {
    const { dataDir } = dataFolder()
    const [file, back] = [join(folder(), 'keys.backup'), join(folder(), 'back')]
    await makeBackup({ dataDir, file, ...about, hasDatabase: false })
    const told: unknown[] = []
    await restoreBackup({ file, passphrase, dataDir: back, prepare: async (_folder, manifest) => void told.push(holdsDatabase(manifest)) })
    expect(told).toEqual([false])
    expect(existsSync(join(back, 'tierline.db'))).toBe(false)
  })

  it('is one instant, also while somebody writes all the time', async () => {
    const { dataDir, database } = dataFolder()
    database.exec('create table pairs (number)')
    const fill = database.prepare('insert into notes values (?)')
    database.exec('begin')
    for (let count = 0; count < 5_000; count += 1) fill.run('x'.repeat(1_000))
    database.exec('commit')
    const [file, back] = [join(folder(), 'busy.backup'), join(folder(), 'back')]
    const done = makeBackup({ dataDir, file, ...about })
    let rounds = 0
    const writing = setInterval(() => {
      rounds += 1
      database.exec(`begin; insert into notes values ('late'); insert into pairs values (${rounds}); commit`)
    }, 1)
    await done.finally(() => clearInterval(writing))
    await restore(file, back)
    const restored = new DatabaseSync(join(back, 'tierline.db'))
    const { notes, pairs } = restored
      .prepare(`select (select count(*) from notes where text = 'late') as notes, (select count(*) from pairs) as pairs`)
      .get() as { notes: number; pairs: number }
    restored.close()
    expect(notes).toBe(pairs)
    expect(rounds).toBeGreaterThan(pairs)
  })

  it('leaves nothing behind when it is stopped, and takes no name that is taken', async () => {
    const { dataDir } = dataFolder()
    const place = folder()
    const stop = AbortSignal.abort(new Error('stopped'))
    await expect(makeBackup({ dataDir, file: join(place, 'one.backup'), ...about, stop })).rejects.toThrow('stopped')
    expect(readdirSync(place)).toEqual([])
    expect(readdirSync(dataDir).filter((name) => name.startsWith('backup-'))).toEqual([])
    writeFileSync(join(place, 'taken'), '')
    await expect(makeBackup({ dataDir, file: join(place, 'taken'), ...about })).rejects.toThrow('is there already')
    await expect(makeBackup({ dataDir: place, file: join(place, 'new'), ...about })).rejects.toThrow('No collector has started')
  })
})

describe('restoring', () => {
  it('writes nothing of a file that was cut off, and nothing when putting right fails', async () => {
    const { dataDir } = dataFolder()
    const place = folder()
    const [file, cut] = [join(place, 'one.backup'), join(place, 'cut.backup')]
    await makeBackup({ dataDir, file, ...about })
    writeFileSync(cut, readFileSync(file).subarray(0, -1))
    await expect(restore(cut, join(place, 'back'))).rejects.toThrow('Nothing was written')
    const failing = async () => {
      throw new Error('it can not be put right')
    }
    await expect(restore(file, join(place, 'back'), failing)).rejects.toThrow('it can not be put right')
    expect(readdirSync(place).sort()).toEqual(['cut.backup', 'one.backup'])
  })

  it('goes into an empty folder, and into no other', async () => {
    const { dataDir } = dataFolder()
    const [file, empty] = [join(folder(), 'one.backup'), folder()]
    await makeBackup({ dataDir, file, ...about })
    await restore(file, empty)
    await expect(restore(file, empty)).rejects.toThrow('is not empty')
  })
})

describe('the passphrase', () => {
  const stdin = (text: string) =>
    (async function* () {
      yield Buffer.from(text)
    })()

  it('comes from stdin or from a file that is its reader’s alone', async () => {
    const file = join(folder(), 'passphrase')
    writeFileSync(file, `${passphrase}\n`, { mode: 0o600 })
    expect(await readPassphrase({ file, stdin: stdin('') })).toBe(passphrase)
    expect(await readPassphrase({ file: undefined, stdin: stdin(`${passphrase}\n`) })).toBe(passphrase)
  })

  it('is refused when others can read it, when it is short, and when nobody hands one in', async () => {
    const file = join(folder(), 'passphrase')
    writeFileSync(file, passphrase, { mode: 0o644 })
    await expect(readPassphrase({ file, stdin: stdin('') })).rejects.toThrow('chmod 600')
    await expect(readPassphrase({ file: undefined, stdin: stdin('short\n') })).rejects.toThrow('it must have at least 12')
    const terminal = Object.assign(stdin(''), { isTTY: true })
    await expect(readPassphrase({ file: undefined, stdin: terminal })).rejects.toThrow('--passphrase-file')
  })
})
