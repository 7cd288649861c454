import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** A file system of its own, so small that a test can fill it. */
export interface SmallDisk {
  dir: string
  /** Takes all the room that is left. */
  fill(): void
  /** Gives it back. */
  empty(): void
}

const canMount = process.platform === 'linux' && process.getuid?.() === 0 && tryMount()
/** For `describe.skipIf`: a file system takes root, and Linux. */
export const hasNoSmallDisk = !canMount
if (hasNoSmallDisk) console.log('not run here: the tests on a full disk, because they need Linux, root and leave to mount')

export function smallDisk(bytes: number): SmallDisk {
  const dir = mkdtempSync(join(tmpdir(), 'tierline-disk-'))
  mount(dir, bytes)
  onTestFinished(() => {
    spawnSync('umount', ['--lazy', dir])
    rmSync(dir, { recursive: true, force: true })
  })
  const ballast = join(dir, 'ballast')
  return {
    dir,
    fill: () => {
      const { bavail, bsize } = statfsSync(dir)
      writeFileSync(ballast, Buffer.alloc(bavail * bsize), { flag: 'a' })
    },
    empty: () => rmSync(ballast, { force: true }),
  }
}

function tryMount(): boolean {
  const dir = mkdtempSync(join(tmpdir(), 'tierline-disk-'))
  const isMounted = mount(dir, 65_536)
  if (isMounted) spawnSync('umount', [dir])
  rmSync(dir, { recursive: true, force: true })
  return isMounted
}

function mount(dir: string, bytes: number): boolean {
  return existsSync('/proc/mounts') && spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', dir]).status === 0
}
