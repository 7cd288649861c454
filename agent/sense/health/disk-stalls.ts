import { seconds } from '#shared/domain/time.ts'
import { defineHealth, easedBy, rounded } from '../define-health.ts'

/*
 * health.disk.slow: requests to a disk took longer than half a second on average, for ten minutes. The community asks for
 * 100 ms over 2 min ("unusual disk read latency"), which every backup to a spinning disk reaches, and for 80 % busy, which
 * an NVMe drive can be at a tenth of what it can do. Low (a line in the digest): by itself nobody can act on it, beside a
 * slow program it explains it. From /proc/diskstats: time spent by what ended since the last look, over how many ended.
 */
interface Counters {
  [device: string]: { ended: number; waitedMs: number }
}

export default defineHealth({
  name: 'disk-stalls',
  platforms: ['linux'],
  every: seconds(30),
  runbook: 'See who reads and writes (iotop -o), whether a backup or a RAID check runs, and what SMART says of the drive.',
  start: {} as Counters,
  async read({ vitals }): Promise<Counters> {
    return countersOf((await vitals.kernel('/proc/diskstats')) ?? '')
  },
  decide(before, counters, { limits, standing }) {
    const kind = 'health.disk.slow'
    const findings = Object.entries(counters).flatMap(([device, now]) => {
      const then = before[device] ?? now
      const ended = now.ended - then.ended
      const averageMs = ended <= 0 ? 0 : (now.waitedMs - then.waitedMs) / ended
      if (averageMs <= easedBy(limits.waitMs, 0.3, standing(kind, device) !== undefined)) return []
      const summary = `Each request to ${device} takes ${Math.round(averageMs)} ms`
      return [{ kind, severity: 'low' as const, about: device, summary, facts: { device, averageMs: rounded(averageMs), ended } }]
    })
    return { state: counters, findings: Object.keys(before).length === 0 ? undefined : findings }
  },
})

/** kernel documentation, iostats: after the name reads, merged, sectors, ms reading, writes, merged, sectors, ms writing. */
function countersOf(diskstats: string): Counters {
  const whole = /^(sd[a-z]+|nvme\d+n\d+|vd[a-z]+|xvd[a-z]+|mmcblk\d+|hd[a-z]+)$/
  const lines = diskstats.split('\n').map((line) => line.trim().split(/\s+/))
  return Object.fromEntries(
    lines.flatMap(([, , name = '', reads = 0, , , readMs = 0, writes = 0, , , writeMs = 0]) =>
      whole.test(name) ? [[name, { ended: Number(reads) + Number(writes), waitedMs: Number(readMs) + Number(writeMs) }]] : [],
    ),
  )
}
