import { minutes } from '#shared/domain/time.ts'
import { defineDetector } from '../define-detector.ts'

/*
 * health.memory.pressure. Little available memory hurts nobody by itself; tasks that wait for memory do. So either is
 * enough, for 15 minutes: less than 5 % available, or more than 20 % of the time some task waited (PSI, last minute).
 * The community's rule ("Host out of memory": < 10 % for 2 min) fires on every file server with a warm cache and on each
 * build; its page-fault rule measures the same as PSI with a number that depends on the disk. Servers get a ticket; on
 * somebody's own machine closing a program is the cure, so it is only recorded there. Lets go at 7 % and 15 %.
 */
const kind = 'health.memory.pressure'

export default defineDetector({
  name: 'memory-pressure',
  every: minutes(1),
  lasts: minutes(15),
  platforms: ['linux', 'macos', 'windows'],
  async sense(probe, { standing, role }) {
    const about = 'memory'
    const doesStand = standing(kind, about) !== undefined
    const memory = await probe.memory()
    const stall = await probe.memoryStall()
    const availableRatio = memory.totalBytes === 0 ? 1 : memory.availableBytes / memory.totalBytes
    const stallRatio = stall.kind === 'known' ? stall.value : null
    const isShort = availableRatio < (doesStand ? 0.07 : 0.05)
    const isWaiting = (stallRatio ?? 0) > (doesStand ? 0.15 : 0.2)
    if (!isShort && !isWaiting) return []
    const { totalBytes, availableBytes, swapTotalBytes, swapUsedBytes } = memory
    return [
      {
        kind,
        about,
        severity: role === 'workstation' ? 'info' : 'medium',
        summary: isShort
          ? `Only ${percent(availableRatio)} of memory is available`
          : `Tasks waited for memory ${percent(stallRatio ?? 0)} of the last minute`,
        facts: { availableRatio: rounded(availableRatio), stallRatio, totalBytes, availableBytes, swapTotalBytes, swapUsedBytes },
      },
    ]
  },
})

const percent = (ratio: number): string => `${(ratio * 100).toFixed(1)} %`
const rounded = (ratio: number): number => Math.round(ratio * 10_000) / 10_000
