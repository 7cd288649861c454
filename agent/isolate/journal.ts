import { closeSync, fdatasyncSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { open, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from 'zod'
import { DesiredIsolation } from '#shared/domain/endpoint.ts'
import { Lease } from './lease.ts'

/*
 * What we want of this machine's network, on disk before anything is said of it. Enters: a wish. Leaves: the wish, also
 * after a crash or a reboot. Promises: fsynced when `write` returns; the old wish or the new one, never half of one. A
 * release that is done leaves no file, so an open wish that is found is one that a crash interrupted. On failure:
 * `write` throws, and the wish holds for this process only; where no file can be read, `whenUnknown` decides.
 */

export const Wish = z.object({
  v: z.literal(1),
  want: DesiredIsolation,
  /** The command that asked for it. */
  commandId: z.string(),
  at: z.number().int(),
  /** The collector's addresses as they were before the drop. */
  addresses: z.array(z.object({ address: z.string(), port: z.number().int() })),
  /** When it was proven first; what is proven stays so over a restart. */
  provenAt: z.number().int().optional(),
  /** Of this machine's isolations. */
  number: z.number().int().nonnegative().optional(),
  /** Where it ends by itself. */
  lease: Lease.optional(),
})
export type Wish = z.infer<typeof Wish>

export interface Journal {
  wish(): Wish
  write(wish: Omit<Wish, 'v'>): void
  /** The same beside what is done meanwhile: the wish holds at once, and is on disk when it resolves. Nothing else may be written until then. */
  writeBeside(wish: Omit<Wish, 'v'>): Promise<void>
  /** The machine is open and nothing is left to do. */
  settle(): void
}

const untouched: Wish = { v: 1, want: 'open', commandId: '', at: 0, addresses: [] }

export async function openJournal(file: string, whenUnknown: () => Promise<Wish['want']>): Promise<Journal> {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  let current = readWish(file) ?? { ...untouched, want: await whenUnknown() }
  return {
    wish: () => current,
    write: (wish) => {
      current = { v: 1, ...wish }
      replaceFile(file, JSON.stringify(current))
    },
    writeBeside: (wish) => {
      current = { v: 1, ...wish }
      return replaceFileBeside(file, JSON.stringify(current))
    },
    settle: () => {
      current = untouched
      rmSync(file, { force: true })
    },
  }
}

/** Undefined when there is none, or none that we understand. */
function readWish(file: string): Wish | undefined {
  try {
    return Wish.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch {
    return undefined
  }
}

/** Synchronous: an attack waits for it, and the event loop's threads may be busy reading what the attack has touched. */
export function replaceFile(file: string, text: string): void {
  const next = `${file}.new`
  const descriptor = openSync(next, 'w', 0o600)
  try {
    writeFileSync(descriptor, text)
    fdatasyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
  renameSync(next, file)
  syncFolder(dirname(file))
}

async function replaceFileBeside(file: string, text: string): Promise<void> {
  const next = `${file}.new`
  const handle = await open(next, 'w', 0o600)
  try {
    await handle.writeFile(text)
    await handle.datasync()
  } finally {
    await handle.close()
  }
  await rename(next, file)
  syncFolder(dirname(file))
}

function syncFolder(path: string): void {
  const folder = openSync(path, 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}
