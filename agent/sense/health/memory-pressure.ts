import { minutes } from '#shared/domain/time.ts'
import type { MemoryReading } from '../../host/probe.ts'
import { defineHealth, rounded } from '../define-health.ts'

/*
 * health.memory.pressure. Little available memory hurts nobody by itself; tasks that wait for memory do. So either is
 * enough, for 15 minutes: less than 5 % available, or more than 20 % of the time some task waited (PSI, last minute).
 * The community's rule ("Host out of memory": < 10 % for 2 min) fires on every file server with a warm cache and on each
 * build; its page-fault rule measures the same as PSI with a number that depends on the disk. Servers get a ticket; on
 * somebody's own machine closing a program is the cure, so it is only recorded there. Lets go at 7 % and 15 %.
 */
const kind = 'health.memory.pressure'
const about = 'memory'

export default defineHealth({
  name: 'memory-pressure',
  platforms: ['linux', 'macos', 'windows'],
  every: minutes(1),
  runbook: 'See which program holds the memory (top, sorted by RES), restart or bound it, or give the machine more.',
  start: null,
  async read(probe): Promise<{ memory: MemoryReading; stallRatio: number | null }> {
    const [memory, stall] = await Promise.all([probe.memory(), probe.memoryStall()])
    return { memory, stallRatio: stall.kind === 'known' ? stall.value : null }
  },
  decide(state, { memory, stallRatio }, { role, limits, standing }) {
    const doesStand = standing(kind, about) !== undefined
    const { totalBytes, availableBytes, swapTotalBytes, swapUsedBytes } = memory
    const availableRatio = totalBytes === 0 ? 1 : availableBytes / totalBytes
    const isShort = availableRatio < (limits.availablePercent + (doesStand ? 2 : 0)) / 100
    const isWaiting = (stallRatio ?? 0) > (limits.stallPercent - (doesStand ? 5 : 0)) / 100
    if (!isShort && !isWaiting) return { state, findings: [] }
    const severity = role === 'workstation' ? ('info' as const) : ('medium' as const)
    const summary = isShort
      ? `Only ${percent(availableRatio)} of memory is available`
      : `Tasks waited for memory ${percent(stallRatio ?? 0)} of the last minute`
    const facts = { availableRatio: rounded(availableRatio, 4), stallRatio, totalBytes, availableBytes, swapTotalBytes, swapUsedBytes }
    return { state, findings: [{ kind, about, severity, summary, facts }] }
  },
})

const percent = (ratio: number): string => `${(ratio * 100).toFixed(1)} %`
