import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TicketDetail, TicketList } from '#shared/api/tickets.ts'
import { startAttack, writeDocuments } from '../scenario/stage/attack.ts'
import { type Timeline, watchDisks } from '../scenario/stage/timeline.ts'
import { openWorld, type World, whyNoWorld } from '../scenario/stage/world.ts'
import { type Benchmark, type Figures, percentile, rounded } from './benchmark.ts'

const runCount = 30

export default {
  says: 'from a canary touched by a real openssl loop to isolation proven, against one fsync of the same disk (root, Linux)',
  run: async () => {
    const why = whyNoWorld()
    if (why) throw new Error(`The benchmark contain can't run here: ${why}.`)
    const world = await openWorld((documents) => writeDocuments(documents, 20))
    try {
      const runs: Run[] = []
      while (runs.length < runCount) runs.push(await runOnce(world))
      return figuresOf(runs)
    } finally {
      await world.close()
    }
  },
} satisfies Benchmark

interface Run extends Timeline {
  touched: number
}

/** One attack, until a person has released the machine, resolved the ticket, and the canaries are armed again. */
async function runOnce(world: World): Promise<Run> {
  const disks = watchDisks(world)
  const attack = startAttack(world.machines.endpoint, world.documents)
  const { at } = await attack.first(world.canaries)
  await world.until(({ isolation }) => isolation.actual === 'isolated')
  attack.stop()
  const run = { touched: at, ...disks.timeline(at) }
  disks.stop()
  await tidyUp(world, at)
  return run
}

async function tidyUp({ person, endpointId, until, documents }: World, since: number): Promise<void> {
  await person.post(`/api/endpoints/${endpointId}/release`, {
    reason: 'one run of a benchmark is over',
    withoutRestore: 'it is a benchmark',
  })
  await until(({ isolation }) => isolation.actual === 'open')
  writeDocuments(documents, 20)
  const { tickets } = await person.get<TicketList>(`/api/tickets?endpointId=${endpointId}`)
  for (const { id } of tickets.filter(({ kind }) => kind === 'security.ransomware.canary')) {
    const { version } = await person.get<TicketDetail>(`/api/tickets/${id}`)
    await person.post(`/api/tickets/${id}/resolve`, { version, resolution: 'fixed', note: '' })
  }
  await until(({ commands }) =>
    commands.some(({ verb, requestedAt, settledAt }) => verb === 'rearm-canaries' && requestedAt >= since && settledAt !== null),
  )
}

function figuresOf(runs: readonly Run[]): Figures {
  const took = runs.map(({ touched, proven }) => proven - touched)
  const fsyncMs = fsyncP50()
  const p50 = rounded(percentile(took, 0.5))
  console.log(`canary touched → isolation proven, ${runs.length} runs (ms since touched, p50 and p99 of each step):`)
  for (const step of ['signalOnDisk', 'committed', 'ticket', 'commandSent', 'rulesApplied', 'proven'] as const) {
    const times = runs.map((run) => run[step] - run.touched)
    console.log(`  ${step.padEnd(14)}${[0.5, 0.99].map((share) => percentile(times, share).toFixed(1).padStart(9)).join('')}`)
  }
  return {
    ...{ figure: p50, unit: 'ms', yardstick: fsyncMs, ratio: rounded(p50 / fsyncMs, 1) },
    ...{ p50, p99: rounded(percentile(took, 0.99)), runs: runs.length, fsyncMsP50: fsyncMs },
  }
}

/** One small write and its fdatasync, as a spool or a journal does it; median of 200. */
function fsyncP50(): number {
  const folder = mkdtempSync(join(tmpdir(), 'tierline-fsync-'))
  const file = openSync(join(folder, 'yardstick'), 'a')
  try {
    const took = Array.from({ length: 200 }, () => {
      const startedAt = performance.now()
      writeSync(file, Buffer.alloc(1_000, 'x'))
      fdatasyncSync(file)
      return performance.now() - startedAt
    })
    return rounded(percentile(took, 0.5), 3)
  } finally {
    closeSync(file)
    rmSync(folder, { recursive: true })
  }
}
