import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/*
 * When a program wrote, by the kernel's own trace (ftrace), in an instance of ours, so that nobody else's tracing is touched. A file's
 * time is that of the clock's last tick: of 4 ms, up to which it is early (HZ 250).
 */
export interface KernelWrites {
  /** Epoch ms of the first write from then until the next tick; undefined: none was seen. */
  firstAfter(at: number): number | undefined
  stop(): void
}

const tickMs = 4

/** @returns undefined where this kernel can't be traced. */
export function traceWrites(program: string): KernelWrites | undefined {
  const mounted = mkdtempSync(join(tmpdir(), 'tierline-trace-'))
  const isMounted = spawnSync('mount', ['-t', 'tracefs', 'tracefs', mounted]).status === 0
  const instance = join(mounted, 'instances', `tierline-${process.pid}`)
  const stop = (): void => {
    if (isMounted) {
      rmdirSync(instance)
      spawnSync('umount', [mounted])
    }
    rmdirSync(mounted)
  }
  try {
    mkdirSync(instance)
    const event = join(instance, 'events/syscalls/sys_exit_write')
    writeFileSync(join(instance, 'trace_clock'), 'mono')
    writeFileSync(join(event, 'filter'), `comm == "${program}"`)
    writeFileSync(join(event, 'enable'), '1')
  } catch {
    stop()
    return undefined
  }
  return { firstAfter: (at) => instantsIn(join(instance, 'trace')).find((instant) => instant >= at && instant < at + tickMs), stop }
}

/** In the order in which they happened; what was read is forgotten. */
function instantsIn(trace: string): number[] {
  const text = readFileSync(trace, 'utf8')
  writeFileSync(trace, '')
  const began = epochOfMonotonic()
  return [...text.matchAll(/ ([0-9]+\.[0-9]+): sys_write -> /g)].map(([, seconds]) => began + Number(seconds) * 1_000).sort((a, b) => a - b)
}

/** What the system's clock showed as its monotonic one began, epoch ms: read as a millisecond begins. */
function epochOfMonotonic(): number {
  const last = Date.now()
  while (Date.now() === last);
  return last + 1 - Number(process.hrtime.bigint()) / 1e6
}
