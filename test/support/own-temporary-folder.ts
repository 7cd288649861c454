import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Everything that a run leaves behind lies in one folder, which goes with it, whatever was killed meanwhile. */
export async function setup(): Promise<() => Promise<void>> {
  const before = process.env.TMPDIR
  const folder = await mkdtemp(join(tmpdir(), 'tierline-tests-'))
  // A database of a test runs as a user of its own.
  await chmod(folder, 0o711)
  process.env.TMPDIR = folder
  // Threads and programs that tests start find each other's compiled code, which is half of a start.
  process.env.NODE_COMPILE_CACHE ??= join(import.meta.dirname, '../../node_modules/.cache/tierline')
  return async () => {
    if (before === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = before
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
  }
}
