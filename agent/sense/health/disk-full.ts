import { hours, minutes } from '#shared/domain/time.ts'
import { defineHealth, rounded } from '../define-health.ts'
import { type Course, courseOf, hoursUntilFull, inodesFound, isShort, type Store } from '../disk/space.ts'

/*
 * health.disk.full. Both a share and an amount must be short: the community's rule (< 10 % left for 2 min, critical;
 * alert-rules "Host out of disk space") calls 400 GB free of 4 TB an emergency. So: medium above 90 % with less than
 * 20 GiB free, high above 97 % with less than 5 GiB, and for 10 minutes, because builds, updates and backups fill a
 * disk for two and clean up after themselves. Also high: above 80 % and full within 24 hours by the trend of the last
 * three (theirs "may fill in 24 hours" asks for no share, and so fires on each nightly copy to an empty disk). Inodes:
 * medium above 90 % used, as theirs, without their trend of an hour. It lets go a little lower than it takes hold, so
 * that a disk on the edge is one ticket.
 */
const kind = 'health.disk.full'
const gib = 1_073_741_824

export default defineHealth({
  name: 'disk-full',
  platforms: ['linux', 'macos', 'windows'],
  every: minutes(1),
  runbook: 'Find what grew (du -xh --max-depth=2 MOUNT | sort -h), clean logs, caches and old packages, or enlarge the disk.',
  start: {} as Record<string, Course>,
  async read(probe): Promise<Store[]> {
    const disks = await probe.disks()
    return Promise.all(disks.map(async (disk) => ({ ...disk, ...(await probe.vitals.space(disk.mount)) })))
  },
  decide(courses, stores, { monotonic, limits, standing }) {
    const state = Object.fromEntries(stores.map((store) => [store.mount, courseOf(courses[store.mount], store, monotonic)]))
    const findings = stores.flatMap((store) => {
      const hoursLeft = hoursUntilFull(state[store.mount], store, hours(3))
      const isFillingUp = store.usedRatio * 100 > limits.trendUsedPercent && hoursLeft !== undefined && hoursLeft < limits.trendHours
      const stands = standing(kind, store.mount)
      const isOut = isShort(store, limits.severeUsedPercent, limits.severeFreeGib * gib, stands === 'high')
      const isFull = isShort(store, limits.usedPercent, limits.freeGib * gib, stands !== undefined)
      const inodes = inodesFound(store, limits.inodesPercent, standing(kind, `${store.mount} (inodes)`) !== undefined)
      if (!isOut && !isFull && !isFillingUp) return inodes
      const severity = isOut || isFillingUp ? ('high' as const) : ('medium' as const)
      const summary = isFillingUp && !isOut ? `${sentence(store)}; at this rate it is full in ${hoursLeft} hours` : sentence(store)
      return [{ kind, severity, about: store.mount, summary, facts: facts(store, hoursLeft) }, ...inodes]
    })
    return { state, findings }
  },
})

const sentence = (store: Store): string =>
  `${store.mount} is ${Math.floor(store.usedRatio * 100)} % full, ${(store.freeBytes / gib).toFixed(1)} GiB are free`

function facts(store: Store, hoursLeft: number | undefined) {
  const { mount, device, type, totalBytes, freeBytes, usedRatio } = store
  return { mount, device, type, totalBytes, freeBytes, usedRatio: rounded(usedRatio, 4), ...(hoursLeft !== undefined && { hoursLeft }) }
}
