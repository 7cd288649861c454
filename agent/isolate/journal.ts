import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from 'zod'
import { DesiredIsolation } from '#shared/domain/endpoint.ts'

/*
 * What we want of this machine's network, on disk before anything is touched. Enters: a wish. Leaves: the wish, also
 * after a crash or a reboot. Promises: fsynced when `write` resolves; the old wish or the new one, never half of one.
 * On failure: `write` throws, and the wish holds for this process only; of a damaged file, `whenDamaged` decides.
 */

export const Wish = z.object({
  v: z.literal(1),
  want: DesiredIsolation,
  /** The command that asked for it. */
  commandId: z.string(),
  at: z.number().int(),
  /** The collector's addresses as they were before the drop. */
  addresses: z.array(z.object({ address: z.string(), port: z.number().int() })),
})
export type Wish = z.infer<typeof Wish>

export interface Journal {
  wish(): Wish
  write(wish: Omit<Wish, 'v'>): Promise<void>
}

const untouched: Wish = { v: 1, want: 'open', commandId: '', at: 0, addresses: [] }

export async function openJournal(file: string, whenDamaged: () => Promise<Wish['want']>): Promise<Journal> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  let current = (await readWish(file)) ?? { ...untouched, want: await whenDamaged() }
  return {
    wish: () => current,
    write: async (wish) => {
      current = { v: 1, ...wish }
      await replaceFile(file, JSON.stringify(current))
    },
  }
}

/** Undefined when it is there and says nothing we understand. */
async function readWish(file: string): Promise<Wish | undefined> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return JSON.stringify(untouched)
    throw error
  })
  try {
    return Wish.parse(JSON.parse(text))
  } catch {
    return undefined
  }
}

async function replaceFile(file: string, text: string): Promise<void> {
  const next = `${file}.new`
  const handle = await open(next, 'w', 0o600)
  try {
    await handle.writeFile(text)
    await handle.datasync()
  } finally {
    await handle.close()
  }
  await rename(next, file)
  const folder = await open(dirname(file), 'r')
  await folder.sync().finally(() => folder.close())
}
