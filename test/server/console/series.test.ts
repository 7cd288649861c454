import { describe, expect, it } from 'vitest'
import type { Sample } from '#shared/domain/sample.ts'
import { columnsOf } from '../../../server/console/endpoint/columns.ts'
import { appendSamples, diskSeries, memorySeries, networkSeries, processorSeries } from '../../../server/console/endpoint/series.ts'

const sample = (at: number, over: Partial<Sample> = {}): Sample => ({
  at,
  processor: { busyRatio: 0.25, load1: 1, load5: 1, load15: 1 },
  memory: { totalBytes: 100, availableBytes: 40, swapTotalBytes: 0, swapUsedBytes: 0 },
  disks: [],
  networks: [],
  uptimeSeconds: 1,
  ...over,
})
const disk = (mount: string, usedRatio: number) => ({ mount, totalBytes: 1, freeBytes: 0, usedRatio })
const network = (name: string, received: number) => ({ name, receivedBytesPerSecond: received, sentBytesPerSecond: 0, errorsPerSecond: 0 })

const raw = (samples: Sample[]) => columnsOf({ kind: 'raw', samples })

describe('appendSamples', () => {
  it('keeps each once, in order, and lets go of what is too old', () => {
    const kept = [sample(10), sample(20), sample(30)]
    expect(appendSamples(kept, [sample(30), sample(40)], 20).map(({ at }) => at)).toEqual([20, 30, 40])
  })
})

describe('series', () => {
  it('breaks the line where samples are missing', () => {
    const { at, lines } = processorSeries(raw([0, 10, 20, 90, 100].map((second) => sample(second * 1_000))))
    expect(at).toEqual([0, 10, 20, 30, 90, 100])
    expect(lines[0]?.values).toEqual([0.25, 0.25, 0.25, null, 0.25, 0.25])
  })

  it('shows swap only where there is some', () => {
    expect(memorySeries(raw([sample(0)])).lines).toEqual([{ label: 'used', values: [0.6] }])
    const swapping = sample(0, { memory: { totalBytes: 100, availableBytes: 40, swapTotalBytes: 10, swapUsedBytes: 5 } })
    expect(memorySeries(raw([swapping])).lines[1]).toEqual({ label: 'swap', values: [0.5] })
  })

  it('shows the fullest disks, and nothing for a disk that was not there yet', () => {
    const mounts = ['/a', '/b', '/c', '/d', '/e', '/f', '/g'].map((mount, index) => disk(mount, index / 10))
    const { lines } = diskSeries(raw([sample(0), sample(10, { disks: mounts })]))
    expect(lines.map(({ label }) => label)).toEqual(['/g', '/f', '/e', '/d', '/c', '/b'])
    expect(lines[0]?.values).toEqual([null, 0.6])
  })

  it('shows the busiest interfaces, both ways', () => {
    const networks = [network('lo', 1), network('eth0', 50), network('docker0', 0), network('wlan0', 9)]
    expect(networkSeries(raw([sample(0, { networks })])).lines.map(({ label }) => label)).toEqual([
      'eth0 in',
      'eth0 out',
      'wlan0 in',
      'wlan0 out',
      'lo in',
      'lo out',
    ])
  })

  it('draws nothing from nothing', () => expect(processorSeries(raw([]))).toEqual({ at: [], lines: [{ label: 'busy', values: [] }] }))

  it('draws a mean with its band where it is rolled up, and breaks at each missing slot', () => {
    const busy = { name: 'processor.busyRatio', min: [0.1, 0], mean: [0.2, 0.5], max: [0.4, 1] }
    const { at, lines } = processorSeries(columnsOf({ kind: 'rolled', stepMs: 300_000, at: [0, 900_000], measures: [busy] }))
    expect(at).toEqual([0, 75, 900])
    expect(lines).toEqual([{ label: 'busy', values: [0.2, null, 0.5], band: { min: [0.1, null, 0], max: [0.4, null, 1] } }])
  })
})
