import { minutes } from '#shared/domain/time.ts'
import type { Unsupported } from '../define-detector.ts'
import { defineHealth } from '../define-health.ts'

/*
 * health.disk.failing when a Linux software RAID lacks a disk, for two minutes; the community's "software RAID insufficient
 * drives" fires at once, also while an array is put together at boot. High: the next disk that fails takes the data along.
 */
export default defineHealth({
  name: 'raid-degraded',
  platforms: ['linux'],
  every: minutes(1),
  runbook: 'See which member is missing (mdadm --detail DEVICE), have that disk replaced, add it again, and watch it rebuild.',
  start: null,
  async read({ vitals }): Promise<string | Unsupported> {
    return (await vitals.kernel('/proc/mdstat')) ?? { unsupported: 'there is no software RAID here' }
  },
  decide: (state, mdstat) => ({ state, findings: arraysOf(mdstat).flatMap(trouble) }),
})

interface Raid {
  device: string
  wanted: number
  working: number
  isRebuilding: boolean
}

/** /proc/mdstat: "md0 : active raid1 …", then a line that ends in "[2/1] [U_]"; a rebuild has a line of its own. */
function arraysOf(mdstat: string): Raid[] {
  return mdstat.split(/\n(?=md\S* :)/).flatMap((block) => {
    const device = /^(md\S*) :/m.exec(block)?.[1]
    const [, wanted, working] = /\[(\d+)\/(\d+)\] \[[U_]+\]/.exec(block) ?? []
    if (device === undefined || wanted === undefined) return []
    return [{ device, wanted: Number(wanted), working: Number(working), isRebuilding: /(recovery|resync) =/.test(block) }]
  })
}

function trouble({ device, wanted, working, isRebuilding }: Raid) {
  if (working >= wanted) return []
  const summary = `The RAID ${device} runs on ${working} of ${wanted} disks${isRebuilding ? '; it is being rebuilt' : ''}`
  const facts = { device, wanted, working, isRebuilding }
  return [{ kind: 'health.disk.failing', severity: 'high' as const, about: device, summary, facts }]
}
