import { readdirSync, readFileSync, writeSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'

/*
 * Loaded into the collector's process (`--import`): from one SIGUSR2 to the next it measures how long the event loop was
 * held up at worst, and prints it. What counts is what the collector does to itself: its loop's thread ran, or waited for
 * a disk, a lock, another thread. What its neighbours on the machine do to it is taken off, which monitorEventLoopDelay
 * could not: time in which this thread was ready to run and had no processor; and as much of its waiting as our other
 * threads had none, for those it waited for (V8's helpers, a lock that one of them held). Linux counts both.
 */
const tickMs = 5

interface Thread {
  ranMs: number
  readyMs: number
}

function read() {
  const threads = new Map(readdirSync('/proc/self/task').map((id) => [id, readThread(id)] as const))
  const loop = threads.get(String(process.pid)) ?? { ranMs: 0, readyMs: 0 }
  threads.delete(String(process.pid))
  return { at: performance.now(), loop, threads }
}

function readThread(id: string): Thread {
  try {
    const [ranNs = 0, readyNs = 0] = readFileSync(`/proc/self/task/${id}/schedstat`, 'utf8').split(' ').map(Number)
    return { ranMs: ranNs / 1e6, readyMs: readyNs / 1e6 }
  } catch {
    // It has just ended.
    return { ranMs: 0, readyMs: 0 }
  }
}

const nothing = { heldUpMs: 0, ranMs: 0 }
let worst = nothing
let last = read()

function look(): void {
  const now = read()
  const ranMs = now.loop.ranMs - last.loop.ranMs
  const waitedMs = now.at - last.at - tickMs - ranMs - (now.loop.readyMs - last.loop.readyMs)
  const othersMs = [...now.threads].reduce((sum, [id, { readyMs }]) => sum + readyMs - (last.threads.get(id)?.readyMs ?? readyMs), 0)
  const heldUpMs = ranMs + Math.max(0, waitedMs - othersMs)
  if (heldUpMs > worst.heldUpMs) worst = { heldUpMs, ranMs }
  last = now
}

function tell(): void {
  look()
  writeSync(1, `held up for ${worst.heldUpMs.toFixed(1)} ms, of which it ran ${worst.ranMs.toFixed(1)} ms\n`)
  worst = nothing
}

if (isMainThread) {
  setInterval(look, tickMs).unref()
  process.on('SIGUSR2', tell)
}
