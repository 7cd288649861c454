import { readFileSync, statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/*
 * Whether a package manager is changing this machine (Linux), by the locks that they hold: what the kernel says is locked, looked
 * up by the files' numbers, and the files that name who works. Nothing is started. A thread of the pool is asked for the locks
 * alone: the kernel takes ten milliseconds to hold them all still. Fetching lists (`apt update`) changes nothing.
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
  const locked = lockedIn(await readFile(join(root, 'proc/locks'), 'utf8').catch(() => ''))
  for (const [path, name] of locked.size === 0 ? [] : Object.entries(lockFiles)) {
    const number = numberOf(join(root, path))
    if (number !== undefined && locked.has(number)) return name
  }
  for (const [path, name] of Object.entries(pidFiles)) {
    if (numberOf(join(root, path)) === undefined) continue
    const pid = Number.parseInt(text(join(root, path)), 10)
    if (pid > 0 && text(join(root, 'proc', String(pid), 'comm')) !== '') return name
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

/** Inode; undefined where nothing is, or it can't be looked at. */
function numberOf(path: string): number | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })?.ino
  } catch {
    return undefined
  }
}

/** Empty where there is none. */
function text(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
