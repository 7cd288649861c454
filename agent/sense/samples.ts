import type { Sample } from '#shared/domain/sample.ts'
import { columnsOf } from '#shared/domain/sample-columns.ts'
import type { Time } from '#shared/domain/time.ts'
import type { MemoryReading, NetworkReading, Probe, ProcessorReading } from '../host/probe.ts'
import type { Spool } from '../spool/spool.ts'

/** Six make a minute: one frame a minute is what 10,000 endpoints can afford to send. */
const samplesPerRecord = 6

interface Reading {
  at: number
  monotonic: number
  processor: ProcessorReading
  memory: MemoryReading
  disks: Sample['disks']
  networks: NetworkReading[]
  uptimeSeconds: number
}

export interface Sampler {
  /** Reads once; the first reading has nothing to be compared with and gives no sample. */
  take(): Promise<void>
  setWatched(isWatched: boolean): void
  /** What has not been spooled yet. */
  flush(): Promise<void>
}

/** Numbers about health, six to a record; one at a time while somebody watches, and at first, so that nobody waits a minute for a sign of life. */
export function createSampler(probe: Probe, time: Time, spool: Pick<Spool, 'append'>): Sampler {
  let previous: Reading | undefined
  let waiting: Sample[] = []
  let isWatched = false
  let isFirst = true

  async function flush(): Promise<void> {
    const samples = waiting
    waiting = []
    for (const columns of columnsOf(samples)) await spool.append('samples', { v: 1, type: 'sample-columns', samples: columns })
  }

  return {
    flush,
    async take() {
      const current = await readAll(probe, time)
      if (previous) waiting.push(sampleOf(previous, current))
      previous = current
      if (waiting.length < (isWatched || isFirst ? 1 : samplesPerRecord)) return
      isFirst = false
      await flush()
    },
    setWatched(watched) {
      isWatched = watched
    },
  }
}

async function readAll(probe: Probe, time: Time): Promise<Reading> {
  const [processor, memory, disks, networks, uptimeSeconds] = await Promise.all([
    probe.processor(),
    probe.memory(),
    probe.disks(),
    probe.networks(),
    probe.uptimeSeconds(),
  ])
  return {
    at: time.now(),
    monotonic: time.monotonic(),
    processor,
    memory,
    disks: disks.map(({ mount, totalBytes, freeBytes, usedRatio }) => ({ mount: mount.slice(0, 1_024), totalBytes, freeBytes, usedRatio })),
    networks: networks.kind === 'known' ? networks.value.slice(0, 200) : [],
    uptimeSeconds,
  }
}

/** Two readings → what lay between them (pure). */
export function sampleOf(previous: Reading, current: Reading): Sample {
  const elapsedSeconds = Math.max(0.001, (current.monotonic - previous.monotonic) / 1_000)
  const { load1, load5, load15 } = current.processor
  return {
    at: Math.floor(current.at),
    processor: { busyRatio: busyRatio(previous.processor, current.processor), load1, load5, load15 },
    memory: current.memory,
    disks: current.disks.map((disk) => ({ ...disk, usedRatio: rounded(disk.usedRatio, 4) })),
    networks: current.networks.map((network) => rates(previous.networks, network, elapsedSeconds)),
    uptimeSeconds: current.uptimeSeconds,
  }
}

function busyRatio(previous: ProcessorReading, current: ProcessorReading): number {
  const total = current.totalTicks - previous.totalTicks
  return total <= 0 ? 0 : rounded(Math.min(1, Math.max(0, (current.busyTicks - previous.busyTicks) / total)), 4)
}

/** No sensor knows more, and each further digit is a byte that is sent, stored and read. */
function rounded(value: number, digits: number): number {
  const scale = 10 ** digits
  return Math.round(value * scale) / scale
}

/** An interface that is new, or counts from zero again, has no rate yet. */
function rates(before: NetworkReading[], now: NetworkReading, elapsedSeconds: number): Sample['networks'][number] {
  const then = before.find((network) => network.name === now.name) ?? now
  const perSecond = (later: number, earlier: number): number => rounded(Math.max(0, (later - earlier) / elapsedSeconds), 2)
  return {
    name: now.name.slice(0, 100),
    receivedBytesPerSecond: perSecond(now.receivedBytes, then.receivedBytes),
    sentBytesPerSecond: perSecond(now.sentBytes, then.sentBytes),
    errorsPerSecond: perSecond(now.errors, then.errors),
  }
}
