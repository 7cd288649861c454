import { existsSync } from 'node:fs'
import { EncryptionRoom, endTree } from '../agent/sense/encryption/room.ts'
import { hasProgram, readableLeft, startWay, type Way, ways, writeTree } from '../agent/sense/encryption/ways.ts'
import { type Benchmark, type Figures, percentile, rounded } from './benchmark.ts'

const sizes = { whole: { files: 2_000, rounds: 3 }, quick: { files: 300, rounds: 1 } }
/** What one fast process may take while it is noticed; figures beyond it are printed all the same. */
const goalOfFast = 200
const goalOneByOne = 20

interface Run {
  way: Way
  lost: number
  isCaught: boolean
}

export default {
  says: 'files lost until the tree that encrypts is halted, by six ways, against the 10 that the rule waits for (root, Linux, fatrace)',
  run: async ({ isQuick }) => {
    if (process.getuid?.() !== 0 || !existsSync('/usr/sbin/fatrace')) throw new Error('The benchmark ransomware needs root and fatrace.')
    const { files, rounds } = isQuick ? sizes.quick : sizes.whole
    const runs: Run[] = []
    for (const way of ways.filter(({ needs }) => hasProgram(needs))) {
      for (let round = 0; round < rounds; round += 1) runs.push(await runOnce(way, files))
      tell(way, runs, files)
    }
    return figuresOf(runs)
  },
} satisfies Benchmark

/** Without decoys: what they add, the scenario shows. */
async function runOnce(way: Way, files: number): Promise<Run> {
  const room = new EncryptionRoom()
  let pid: number | undefined
  try {
    writeTree(room.folder, files)
    await pause(1_100)
    await room.open(true)
    pid = startWay(way, room.folder).pid
    for (let waited = 0; waited < 60_000 && room.said.length === 0; waited += 20) await pause(20)
    await pause(300)
    const turned = new Set(room.said.flatMap(({ facts }) => (Array.isArray(facts?.files) ? facts.files : [])))
    const gone = files - readableLeft(room.folder)
    // What is rewritten in place still has its name.
    return { way, lost: Math.max(gone, way.name === 'in place' ? turned.size : 0), isCaught: room.said.length > 0 }
  } finally {
    endTree(pid)
    await room.close()
  }
}

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms))

function tell(way: Way, runs: readonly Run[], files: number): void {
  const own = runs.filter((run) => run.way === way)
  const lost = own.map((run) => run.lost).join(', ')
  const goal = way.isOneByOne ? goalOneByOne : goalOfFast
  console.log(
    `${way.name.padEnd(16)} caught ${own.filter(({ isCaught }) => isCaught).length} of ${own.length}; lost ${lost} of ${files} (goal ${goal})`,
  )
}

function figuresOf(runs: readonly Run[]): Figures {
  const lostBy = (isOneByOne: boolean) => runs.filter(({ way }) => way.isOneByOne === isOneByOne).map(({ lost }) => lost)
  const figure = Math.max(...lostBy(true))
  return {
    ...{ figure, unit: 'files lost at most, where each takes its own process', yardstick: 10, ratio: rounded(figure / 10) },
    ...{ median: percentile(lostBy(true), 0.5), fastAtMost: Math.max(...lostBy(false)) },
    ...{ runs: runs.length, missed: runs.filter(({ isCaught }) => !isCaught).length },
  }
}
