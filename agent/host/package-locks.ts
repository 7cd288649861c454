import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'

/*
 * Whether a package manager is changing this machine (Linux), by the locks that they hold: what the kernel says is locked, looked
 * up by the files' numbers, and the files that name who works. Nothing is started. Fetching lists (`apt update`) changes nothing.
 */

/** Locked by fcntl while packages are put in or taken out. */
const lockFiles: Record<string, string> = {
  '/var/lib/dpkg/lock-frontend': 'dpkg',
  '/var/lib/dpkg/lock': 'dpkg',
  '/var/lib/rpm/.rpm.lock': 'rpm',
  '/usr/lib/sysimage/rpm/.rpm.lock': 'rpm',
}
/** Hold the number of the process that works. */
const pidFiles: Record<string, string> = {
  '/run/dnf.pid': 'dnf',
  '/var/run/yum.pid': 'yum',
  '/run/zypp.pid': 'zypper',
}

/** @param root where the file system begins, and /proc in it. @returns who is at work; undefined: nobody. */
export async function packageManagerAtWork(root = '/'): Promise<string | undefined> {
  const locked = lockedIn(await text(join(root, 'proc/locks')))
  for (const [path, name] of Object.entries(lockFiles)) {
    const found = await stat(join(root, path)).catch(() => undefined)
    if (found && locked.has(found.ino)) return name
  }
  for (const [path, name] of Object.entries(pidFiles)) {
    const pid = Number.parseInt(await text(join(root, path)), 10)
    if (pid > 0 && (await text(join(root, 'proc', String(pid), 'comm'))) !== '') return name
  }
  return undefined
}

/**
 * Numbers of locked files, by /proc/locks (proc(5)): `1: POSIX  ADVISORY  WRITE 3548 08:01:2359 0 EOF`. The device is left out: some
 * file systems name another there than `stat` does. Who only waits for a lock (`->`) holds none.
 */
export function lockedIn(locks: string): Set<number> {
  const lines = locks.split('\n').map((line) => line.trim().split(/\s+/))
  return new Set(lines.filter(([, first]) => first !== '->').map((fields) => Number(fields[5]?.split(':')[2])))
}

/** Empty where there is none. */
const text = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '')
