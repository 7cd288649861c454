import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { sentenceOf } from '#shared/domain/fault.ts'

export type JsonRead = { kind: 'value'; value: unknown } | { kind: 'absent' } | { kind: 'broken'; reason: string }

/** One JSON value on disk that is always whole: a reader sees the old one or the new one, also after a power cut. */
export interface JsonFile {
  /** A broken file is set aside beside itself as `….broken`, so that nobody loses what may still be read by hand. */
  read(): Promise<JsonRead>
  /**
   * Resolves once the value is fsynced under its name; several at once are written one after the other. Rejects when the
   * disk refuses; the old value then stands.
   */
  write(value: unknown): Promise<void>
}

export function jsonFile(path: string): JsonFile {
  let turn: Promise<void> = Promise.resolve()
  return {
    read: () => readJson(path),
    write(value) {
      const mine = turn.then(() => writeJson(path, value))
      turn = mine.catch(() => undefined)
      return mine
    },
  }
}

async function readJson(path: string): Promise<JsonRead> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (text === undefined) return { kind: 'absent' }
  try {
    return { kind: 'value', value: JSON.parse(text) as unknown }
  } catch (error) {
    await rename(path, `${path}.broken`)
    return { kind: 'broken', reason: sentenceOf(error) }
  }
}

async function writeJson(path: string, value: unknown): Promise<void> {
  const folder = dirname(path)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const next = `${path}.next`
  const file = await open(next, 'w', 0o600)
  try {
    await file.writeFile(JSON.stringify(value))
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(next, path)
  await syncFolder(folder)
}

/** A rename is on disk only when its folder is. Windows has no such call and needs none. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined)
  await handle?.sync().catch(() => undefined)
  await handle?.close()
}
