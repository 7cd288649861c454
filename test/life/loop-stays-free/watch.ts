import { readFileSync, writeSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'

/*
 * Loaded into the collector's process (`--import`): from one SIGUSR2 to the next it measures how long the event loop was
 * held up at worst, and prints it. Time in which this thread was ready to run and a neighbour had the processor isn't the
 * collector's doing, so it is taken off; Linux counts it in nanoseconds, and monitorEventLoopDelay can't tell it apart.
 * What stays is what the collector did itself: it ran, or it waited for something (a disk, a lock).
 */
const tickMs = 5

function read() {
  const [ranNs = 0, waitedNs = 0] = readFileSync('/proc/self/schedstat', 'utf8').split(' ').map(Number)
  return { at: performance.now(), ranMs: ranNs / 1e6, waitedMs: waitedNs / 1e6 }
}

const nothing = { heldUpMs: 0, ranMs: 0 }
let worst = nothing
let last = read()

function look(): void {
  const now = read()
  const heldUpMs = now.at - last.at - tickMs - (now.waitedMs - last.waitedMs)
  if (heldUpMs > worst.heldUpMs) worst = { heldUpMs, ranMs: now.ranMs - last.ranMs }
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
