import { join } from 'node:path'
import { addSample, rollupText, type Spreads, slotOf, steps } from '#shared/domain/rollup.ts'
import type { Sample } from '#shared/domain/sample.ts'
import { minutes, seconds } from '#shared/domain/time.ts'
import { openStore, type Store } from '../../../server/store/store.ts'

type Rows = Parameters<Store['capabilities']['putRows']>[2]

/** A year of hours, a month of five minutes, two days of samples of one endpoint: what its charts are drawn from. */
export async function fill(dataDir: string, endpointId: string): Promise<void> {
  const store = await openStore(`sqlite:${join(dataDir, 'tierline.db')}`)
  const put = (table: 'rollups' | 'samples', rows: Rows) =>
    store.db.transaction().execute((tx) => store.capabilities.putRows(tx, table, rows as never, 'ignore'))
  const now = Date.now()
  const { raw, fiveMinutes, hour } = steps
  const spreads: Spreads = new Map()
  addSample(spreads, sampleAt(now))
  const rolled = { endpoint_id: endpointId, samples: 30, body: rollupText(spreads) }
  for (const { widthMs, keptForMs } of [hour, fiveMinutes]) {
    const slots = instants(now - keptForMs + minutes(60), slotOf(now, widthMs), widthMs).map((at) => slotOf(at, widthMs))
    await put(
      'rollups',
      slots.map((at) => ({ ...rolled, at, step_ms: widthMs })),
    )
  }
  const taken = instants(now - raw.keptForMs + minutes(60), now, seconds(10))
  await put(
    'samples',
    taken.map((at) => ({ endpoint_id: endpointId, at, body: JSON.stringify(sampleAt(at)) })),
  )
  await store.close()
}

const instants = (from: number, to: number, everyMs: number): number[] =>
  Array.from({ length: Math.floor((to - from) / everyMs) }, (_, nth) => from + nth * everyMs)

const sampleAt = (at: number): Sample => ({
  at,
  processor: { busyRatio: 0.5, load1: 1, load5: 1, load15: 1 },
  memory: { totalBytes: 8e9, availableBytes: 4e9, swapTotalBytes: 1e9, swapUsedBytes: 1e8 },
  disks: ['/', '/var', '/srv', '/home'].map((mount) => ({ mount, totalBytes: 4e12, freeBytes: 1e12, usedRatio: 0.75 })),
  networks: ['lo', 'eth0', 'eth1'].map((name) => ({ name, receivedBytesPerSecond: 1e5, sentBytesPerSecond: 1e4, errorsPerSecond: 0 })),
  uptimeSeconds: 86_400,
})
