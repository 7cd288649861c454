import { existsSync, globSync, rmSync, writeFileSync } from 'node:fs'

/*
 * A clock of its own for a process that knows nothing of it: libfaketime (package faketime) shifts the wall clock by
 * what stands in a file, also while the process runs. The monotonic clock stays true, as it does in a machine whose wall
 * clock is set.
 */
export interface Clock {
  /** What a process needs in its environment to live by it. */
  env: NodeJS.ProcessEnv
  /** Milliseconds that it goes ahead; negative: behind. */
  shift(ms: number): void
}

/** Undefined where libfaketime is missing. */
export function findFaketime(): string | undefined {
  return globSync(['/usr/lib/*/faketime/libfaketimeMT.so.1', '/usr/lib{,64}/faketime/libfaketimeMT.so.1']).find((file) => existsSync(file))
}

export function openClock(file: string, library: string | undefined): Clock {
  const shift = (ms: number): void => writeFileSync(file, `${ms < 0 ? '-' : '+'}${Math.abs(ms) / 1_000}\n`)
  shift(0)
  if (library === undefined) return { env: {}, shift }
  return {
    env: {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: file,
      // Its cache does not always see that the file has changed.
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      DONT_FAKE_MONOTONIC: '1',
    },
    shift,
  }
}

/** What libfaketime leaves in shared memory of a process that was killed. */
export function sweepClock(pid: number): void {
  for (const name of [`faketime_shm_${pid}`, `sem.faketime_sem_${pid}`]) rmSync(`/dev/shm/${name}`, { force: true })
}
