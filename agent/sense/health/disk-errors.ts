import { minutes } from '#shared/domain/time.ts'
import { defineHealth } from '../define-health.ts'

/*
 * health.disk.failing when a file system counted errors: ext4 keeps the number on the disk itself until fsck clears it,
 * btrfs counts what a device could not read, write or find whole. High from the first, for good until it is repaired; the
 * community's "Host filesystem device error" means that statfs failed, which is something else.
 */
export interface ErrorCount {
  device: string
  what: string
  count: number
}

export default defineHealth({
  name: 'disk-errors',
  platforms: ['linux'],
  every: minutes(5),
  runbook: 'Make sure that the backup is good, look at dmesg and SMART for the device, and check the file system off-line.',
  start: null,
  async read({ vitals }): Promise<ErrorCount[]> {
    const ext4 = (await vitals.names('/sys/fs/ext4')).map(async (device) => {
      const count = Number(await vitals.kernel(`/sys/fs/ext4/${device}/errors_count`))
      return [{ device, what: 'ext4 errors', count }]
    })
    const btrfs = (await vitals.names('/sys/fs/btrfs')).map(async (id) => {
      const folder = `/sys/fs/btrfs/${id}/devinfo`
      const texts = (await vitals.names(folder)).map((number) => vitals.kernel(`${folder}/${number}/error_stats`))
      return (await Promise.all(texts)).map((text) => ({ device: id, what: 'btrfs errors', count: sum(text ?? '') }))
    })
    return (await Promise.all([...ext4, ...btrfs])).flat().filter(({ count }) => count > 0)
  },
  decide: (state, counts) => ({
    state,
    findings: counts.map(({ device, what, count }) => ({
      kind: 'health.disk.failing',
      severity: 'high' as const,
      about: device,
      summary: `The file system on ${device} has met ${count} errors (${what})`,
      facts: { device, what, count },
    })),
  }),
})

/** Lines of "write_errs 0". */
const sum = (text: string): number => [...text.matchAll(/^\w+\s+(\d+)$/gm)].reduce((total, [, count]) => total + Number(count), 0)
