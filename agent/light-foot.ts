import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { hours, minutes, seconds, type Time } from '#shared/domain/time.ts'
import { stepBack } from './host/priority.ts'

/*
 * What a guest on somebody's machine owes it: memory that isn't used is given back. Node is made for servers, which have plenty: its young
 * generation grows to 48 MiB, its old one doubles before it is looked at, each thread gets a heap of malloc's own, and garbage of the start
 * stays until more comes.
 */

/**
 * A young generation of 3 MiB; an old one that is looked at once it has grown by a quarter; all work on one thread; and between code that is
 * interpreted and code that is worth optimising none of the two kinds in between, which take memory for what mostly waits.
 */
const memory = ['--max-semi-space-size=1', '--heap-growing-percent=25', '--single-threaded', '--v8-pool-size=0']
const flags = [...memory, '--no-sparkplug', '--no-maglev']
/**
 * One heap of malloc's, that keeps nothing for later; what takes more than four pages lies apart, and goes back whole. At sixteen pages the
 * holes that the start leaves in the heap took 4 MiB more where the agent runs from its sources, half a MiB as a bundle; two pages save nothing.
 */
const lean = { MALLOC_ARENA_MAX: '1', MALLOC_TRIM_THRESHOLD_: '16384', MALLOC_TOP_PAD_: '4096', MALLOC_MMAP_THRESHOLD_: '16384' }
const marker = 'TIERLINE_AGENT_IS_LIGHT'

/** This process steps back, and begins again in its own place with what only a start can set. Returns where the system can't, or it was done. */
export function beginLight(process: NodeJS.Process, environment: NodeJS.ProcessEnv): void {
  stepBack()
  if (typeof process.execve !== 'function' || environment[marker] !== undefined) return
  const args = [process.execPath, ...flags, ...process.execArgv, ...process.argv.slice(1)]
  process.execve(process.execPath, args, { ...environment, ...lean, [marker]: '1' })
}

const startTakesMs = seconds(30)

/** Rules, schemas and code of the start are garbage within a minute, and nothing else would look for them on an idle machine. */
export function giveBack(time: Time): void {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as (how: { type: 'major'; flavor?: 'last-resort' }) => void
  const collectAfter = (ms: number): void =>
    void time.after(ms, () => {
      // Once, when the start is over: it takes a tenth of a second, and code that only the start ran goes with it.
      collect(ms === startTakesMs ? { type: 'major', flavor: 'last-resort' } : { type: 'major' })
      collectAfter(ms < minutes(10) ? ms * 2 : hours(1))
    })
  collectAfter(startTakesMs / 2)
}
