import type { Sample } from '#shared/domain/sample.ts'

/** 0 ≤ value < 1, the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** Numbers in a sample below, its instant not counted. */
export const valuesPerSample = 21

const gib = 1_073_741_824

/** A machine with two disks and two networks, as full and as busy as chance has it; as many digits as the agent's own sampler leaves. */
export function sampleAt(at: number, random: () => number): Sample {
  const load1 = rounded(4 * random(), 2)
  const disk = (mount: string, totalBytes: number) => {
    const usedRatio = rounded(0.4 + 0.1 * random(), 4)
    return { mount, totalBytes, freeBytes: Math.round(totalBytes * (1 - usedRatio)), usedRatio }
  }
  const network = (name: string) => ({
    name,
    receivedBytesPerSecond: rounded(1e6 * random(), 2),
    sentBytesPerSecond: rounded(1e5 * random(), 2),
    errorsPerSecond: 0,
  })
  return {
    at,
    processor: { busyRatio: rounded(random(), 4), load1, load5: rounded(load1 * 0.8, 2), load15: rounded(load1 * 0.6, 2) },
    memory: { totalBytes: 16 * gib, availableBytes: Math.round(16 * gib * random()), swapTotalBytes: 2 * gib, swapUsedBytes: 0 },
    disks: [disk('/', 64 * gib), disk('/srv', 512 * gib)],
    networks: [network('eth0'), network('wg0')],
    uptimeSeconds: Math.round(at / 1_000) % 1_000_000,
  }
}

function rounded(value: number, digits: number): number {
  const scale = 10 ** digits
  return Math.round(value * scale) / scale
}
