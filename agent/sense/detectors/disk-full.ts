import type { Severity } from '#shared/domain/severity.ts'
import { minutes } from '#shared/domain/time.ts'
import type { DiskReading } from '../../host/probe.ts'
import { defineDetector } from '../define-detector.ts'

/*
 * health.disk.full. Both a share and an amount must be short: the community's rule (< 10 % left for 2 min, critical;
 * alert-rules "Host out of disk space") calls 400 GB free of 4 TB an emergency. So: medium above 90 % with less than
 * 20 GiB free, high above 97 % with less than 5 GiB, and for 10 minutes, because builds, updates and backups fill a
 * disk for two and clean up after themselves. It lets go a little lower than it takes hold, so that a disk on the edge
 * is one ticket.
 */
const kind = 'health.disk.full'
const gib = 1_073_741_824
const letGoRatio = 0.02
const letGoBytes = 1 * gib

export default defineDetector({
  name: 'disk-full',
  every: minutes(1),
  lasts: minutes(10),
  platforms: ['linux', 'macos', 'windows'],
  async sense(probe, { standing }) {
    const disks = await probe.disks()
    return disks.flatMap((disk) => {
      const severity = severityOf(disk, standing(kind, disk.mount))
      return severity === undefined ? [] : [{ kind, severity, about: disk.mount, summary: sentence(disk), facts: facts(disk) }]
    })
  },
})

function severityOf(disk: DiskReading, stands: Severity | undefined): Severity | undefined {
  if (isShort(disk, 0.97, 5 * gib, stands === 'high')) return 'high'
  return isShort(disk, 0.9, 20 * gib, stands !== undefined) ? 'medium' : undefined
}

function isShort(disk: DiskReading, ratio: number, bytes: number, doesStand: boolean): boolean {
  return disk.usedRatio > ratio - (doesStand ? letGoRatio : 0) && disk.freeBytes < bytes + (doesStand ? letGoBytes : 0)
}

const sentence = (disk: DiskReading): string =>
  `${disk.mount} is ${Math.floor(disk.usedRatio * 100)} % full, ${(disk.freeBytes / gib).toFixed(1)} GiB are free`

function facts(disk: DiskReading) {
  const { mount, device, type, totalBytes, freeBytes, usedRatio } = disk
  return { mount, device, type, totalBytes, freeBytes, usedRatio: Math.round(usedRatio * 10_000) / 10_000 }
}
