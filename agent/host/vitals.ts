import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { lstat, open, readdir, readFile, statfs } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import type { Time } from '#shared/domain/time.ts'
import { knock, resolverMs } from './knock.ts'
import type { Answer } from './probe.ts'

/**
 * The part of the Probe that health detectors read by. Enters: paths below /proc, /sys and of a few well-known files;
 * names of a few programs. Leaves: text, bounded. Whoever names a folder that isn't there gets nothing, never an error.
 */
export interface Vitals {
  /** A file that the kernel makes up (/proc, /sys); undefined when it isn't there or doesn't answer. */
  kernel(path: string): Promise<string | undefined>
  /** An ordinary file, at the end of a link too; undefined when it isn't there, isn't ordinary, or may not be read. */
  file(path: string): Promise<{ text: string; changedAt: number } | undefined>
  /** What is in a folder, sorted; nothing when it isn't there. */
  names(folder: string): Promise<string[]>
  space(mount: string): Promise<{ inodes: number; inodesFree: number } | undefined>
  /** What a program that only reads prints, whatever its exit code. Starts a child process: for a slow pace. */
  ask(program: AskedProgram, args: readonly string[]): Promise<Answer<string>>
  /** Milliseconds until this address answers a knock, even by a refusal; undefined when it doesn't within a second. */
  knock(address: string): Promise<number | undefined>
  /** Milliseconds until the system's name servers say who serves the root; undefined when they don't within five seconds. */
  resolverMs(): Promise<number | undefined>
  /** Epoch ms at which the newest file anywhere below a folder was written; undefined when there is none. */
  newestBelow(folder: string): Promise<number | undefined>
  isOnBattery(): Promise<boolean>
  cores(): number
}

/** None of them changes anything with the arguments that detectors give. */
export type AskedProgram = 'smartctl' | 'systemctl' | 'apt-get' | 'dnf' | 'nft' | 'rpm' | 'zypper' | 'apk' | 'timedatectl' | 'nmcli'

const maxChars = 1_048_576
/** zypper locks nothing when it only reads. */
const environment = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', ZYPP_READONLY_HACK: '1' }

export function createVitals(time: Time, root = ''): Vitals {
  const kernel: Vitals['kernel'] = async (path) => {
    try {
      // The process table answers out of memory, and a thread of the pool would cost more than it; a driver below /sys may wait for its device.
      const text = path.startsWith('/proc/') ? readFileSync(root + path, 'utf8') : await readFile(root + path, 'utf8')
      return text.slice(0, maxChars)
    } catch {
      return undefined
    }
  }
  const names: Vitals['names'] = (folder) =>
    readdir(root + folder).then(
      (found) => found.sort(),
      () => [],
    )
  return {
    kernel,
    names,
    file: (path) => ordinary(root + path),
    space,
    ask,
    knock: (address) => knock(address, time),
    resolverMs: () => resolverMs(time),
    newestBelow: (folder) => newestBelow(root + folder),
    isOnBattery: () => isOnBattery(kernel, names),
    cores: availableParallelism,
  }
}

/** Opened without waiting, looked at, and only then read: a pipe or a device at a well-known path holds nobody up. */
async function ordinary(path: string): Promise<{ text: string; changedAt: number } | undefined> {
  // 2_048 is O_NONBLOCK on Linux; elsewhere none of these paths exists.
  const file = await open(path, process.platform === 'linux' ? 2_048 : 0).catch(() => undefined)
  if (!file) return undefined
  try {
    const found = await file.stat()
    if (!found.isFile()) return undefined
    const buffer = Buffer.alloc(Math.min(found.size, maxChars))
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0)
    return { text: buffer.toString('utf8', 0, bytesRead), changedAt: found.mtimeMs }
  } catch {
    return undefined
  } finally {
    await file.close()
  }
}

async function space(mount: string): Promise<{ inodes: number; inodesFree: number } | undefined> {
  const found = await statfs(mount).catch(() => undefined)
  return found && { inodes: found.files, inodesFree: found.ffree }
}

/** smartctl says by its exit code what it found, so an exit code is no failure here; half a minute is what a sleeping disk takes. */
function ask(program: AskedProgram, args: readonly string[]): Promise<Answer<string>> {
  return new Promise((resolve) => {
    const options = { env: environment, timeout: 25_000, maxBuffer: 4_194_304 }
    execFile(program, args, options, (error, stdout) => {
      const isThere = !error || typeof error.code === 'number'
      resolve(
        isThere
          ? { kind: 'known', value: stdout }
          : { kind: 'unsupported', reason: `${program} can't be asked (${error.code ?? 'it took too long'})` },
      )
    })
  })
}

/** A mains supply that says it is off, and a battery that says it empties. */
async function isOnBattery(kernel: Vitals['kernel'], names: Vitals['names']): Promise<boolean> {
  const folder = '/sys/class/power_supply'
  const states = (await names(folder)).map((name) => kernel(`${folder}/${name}/status`))
  return (await Promise.all(states)).some((state) => state?.trim() === 'Discharging')
}

/** Two levels, as restic nests them; links are looked at and not followed, so a circle of them ends here. */
async function newestBelow(folder: string, levels = 2): Promise<number | undefined> {
  const names = (await readdir(folder).catch(() => [])).slice(0, 5_000)
  let newest: number | undefined
  for (const name of names) {
    const found = await lstat(join(folder, name)).catch(() => undefined)
    const at =
      found?.isDirectory() && levels > 1 ? await newestBelow(join(folder, name), levels - 1) : found?.isFile() ? found.mtimeMs : undefined
    if (at !== undefined && at > (newest ?? 0)) newest = Math.floor(at)
  }
  return newest
}
